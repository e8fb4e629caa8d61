// Asks OHIF, from within its page, what it shows and where. Only measures: Python judges.
window.judge = (() => {
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const numbers = (v) => (v == null ? v : Array.from(v, Number));
  const viewports = () => (cornerstone.getRenderingEngines() || []).flatMap((engine) => engine.getViewports());
  const displaySetOf = (viewport) =>
    (services.viewportGridService.getState().viewports.get(viewport.id)?.displaySetInstanceUIDs || [])
      .map((uid) => services.displaySetService.getDisplaySetByUID(uid))
      .find(Boolean);
  const volumes = () => [...(cornerstone.cache._volumeCache?.values() || [])].map((v) => v.volume).filter(Boolean);

  // Whether every viewport was drawn, and every volume is loaded.
  function ready(count) {
    if (!window.cornerstone || !window.services) return false;
    const all = viewports();
    if (all.length !== count || all.some((v) => v.viewportStatus !== 'rendered')) return false;
    if (count > 1 && !volumes().length) return false;
    return volumes().every((v) => !v.imageIds?.length || !v.loadStatus || v.loadStatus.loaded);
  }

  async function draw(viewport) {
    const drawn = new Promise((resolve) =>
      viewport.element.addEventListener(cornerstone.Enums.Events.IMAGE_RENDERED, resolve, { once: true }));
    viewport.render();
    await Promise.race([drawn, wait(2000)]);
  }

  // The volume that OHIF has made of a map that is laid over the image.
  function mapOf(series) {
    const sets = series ? services.displaySetService.getDisplaySetsForSeries(series) : [];
    return volumes().find((v) => sets.some((set) => set.displaySetInstanceUID === v.volumeId));
  }

  const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
  const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

  // Scrolls a stack to the picture nearest to a place.
  async function scroll(viewport, world) {
    let best = viewport.getCurrentImageIdIndex(), least = Infinity;
    viewport.getImageIds().forEach((id, index) => {
      const plane = cornerstone.metaData.get('imagePlaneModule', id);
      if (!plane?.imagePositionPatient || !plane.rowCosines) return;
      const normal = cross(numbers(plane.rowCosines), numbers(plane.columnCosines));
      const off = Math.abs(dot(normal, world.map((x, i) => x - plane.imagePositionPatient[i])));
      if (off < least) [best, least] = [index, off];
    });
    await viewport.setImageIdIndex(best);
  }

  // Brings a place into every viewport; says where on the page it is, and what value the viewer has there: of the
  // image, or of a map that is laid over it.
  async function show(world, series) {
    const found = [], map = mapOf(series);
    for (const viewport of viewports()) {
      if (viewport.type === 'stack') await scroll(viewport, world);
      else viewport.jumpToWorld(world);
      await draw(viewport);
      const box = viewport.element.getBoundingClientRect();
      const at = viewport.worldToCanvas(world);
      const { viewPlaneNormal, focalPoint } = viewport.getCamera();
      found.push({
        view: viewport.id,
        at: [box.x + at[0], box.y + at[1]],
        off: Math.abs(dot(viewPlaneNormal, world.map((x, i) => x - focalPoint[i]))),
        value: map ? ofVolume(map, world) : value(viewport, world),
      });
    }
    return found;
  }

  const ofVolume = (volume, world) =>
    volume.voxelManager.getAtIJK(...volume.imageData.worldToIndex(world).map(Math.round));

  function value(viewport, world) {
    const data = viewport.getImageData();
    const index = data?.imageData?.worldToIndex(world).map(Math.round);
    if (!index) return null;
    const image = viewport.type === 'stack' ? viewport.getCornerstoneImage?.() : null;
    const found = image ? image.voxelManager.getAtIJK(index[0], index[1], 0) : data.voxelManager?.getAtIJK(...index);
    return typeof found === 'object' ? numbers(found) : found;
  }

  // The letters that OHIF draws on the edges of a viewport.
  function letters(viewport) {
    const pane = viewport.element.closest('[data-cy="viewport-pane"]') || viewport.element.parentElement.parentElement;
    const found = {};
    for (const node of pane.querySelectorAll('[class*="-mid"]')) {
      const edge = String(node.className.baseVal ?? node.className).match(/(top|left|right|bottom)-mid/)?.[1];
      if (edge && node.textContent.trim()) found[edge] = node.textContent.trim();
    }
    return found;
  }

  // Each viewport: its letters, its window (or that of a map), and how a millimeter along x, y and z of the patient moves on the screen.
  async function views(series) {
    const found = [], map = mapOf(series);
    for (const viewport of viewports()) {
      // OHIF draws its letters only after a change of the camera.
      viewport.setCamera({ parallelScale: viewport.getCamera().parallelScale * 1.0001 });
      await draw(viewport);
      const { focalPoint } = viewport.getCamera();
      const start = viewport.worldToCanvas(focalPoint);
      const steps = [0, 1, 2].map((axis) => {
        const end = viewport.worldToCanvas(focalPoint.map((x, i) => x + (i === axis ? 1 : 0)));
        return [end[0] - start[0], end[1] - start[1]];
      });
      const box = viewport.element.getBoundingClientRect();
      const window = viewport.getProperties(map?.volumeId).voiRange;
      found.push({
        view: viewport.id,
        type: viewport.type,
        series: displaySetOf(viewport)?.SeriesInstanceUID,
        box: [box.x, box.y, box.width, box.height],
        window: window ? [window.lower, window.upper] : null,
        steps,
      });
    }
    await wait(400);
    viewports().forEach((viewport, index) => { found[index].letters = letters(viewport); });
    return found;
  }

  // Lays segments, contours or a map over the image, as the button in OHIF's layer menu does.
  function overlay(series) {
    const [set] = services.displaySetService.getDisplaySetsForSeries(series);
    const viewportId = services.viewportGridService.getActiveViewportId();
    commandsManager.runCommand('addDisplaySetAsLayer', {
      viewportId, displaySetInstanceUID: set.displaySetInstanceUID });
  }

  function segments() {
    return services.segmentationService.getSegmentations().map((segmentation) => ({
      label: segmentation.label,
      kinds: Object.keys(segmentation.representationData || {}),
      segments: Object.values(segmentation.segments || {}).map((one) => ({
        number: one.segmentIndex,
        label: one.label,
        color: numbers(services.segmentationService.getSegmentColor(
          viewports()[0].id, segmentation.segmentationId, one.segmentIndex)),
      })),
    }));
  }

  function said() {
    const texts = (selector) => [...document.querySelectorAll(selector)].map((node) => node.textContent.slice(0, 300));
    return { notifications: texts('[data-sonner-toast]'), dialogs: texts('[role=dialog]') };
  }

  return { ready, views, show, overlay, segments, said };
})();
