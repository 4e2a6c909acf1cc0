package dev.likeness.portrait.people;

import dev.likeness.diffusion.image.RgbImage;

/** The buffers of one thread and the order in which an image comes about. */
final class Studio {
  private final int size;
  private final Raster raster;
  private final Canvas canvas;
  private final ShadowMap shadow = new ShadowMap();
  private final Occlusion occlusion;
  private final float[] out = new float[3];

  Studio(int size) {
    this.size = size;
    raster = new Raster(size * 2);
    canvas = new Canvas(size * 2);
    occlusion = new Occlusion(size * 2);
  }

  int size() {
    return size;
  }

  RgbImage shoot(Scene scene) {
    raster.clear();
    LightRig rig = LightRig.of(scene.shot);
    shadow.aim(rig.lamps[0], rig.softness);
    for (Mesh mesh : scene.meshes) {
      raster.draw(mesh, scene.camera);
      shadow.add(mesh);
    }
    shadow.add(scene.strands);
    occlusion.gather(raster, scene.camera.scale());
    background(new BackdropPaint(scene.shot).paint(size));
    surfaces(scene, new Lighting(rig, shadow));
    new StrandPaint(scene.camera, raster, canvas, rig, shadow, .9f, Material.HAIR)
        .draw(scene.strands);
    new StrandPaint(scene.camera, raster, canvas, rig, shadow, 1.5f, Material.HARDWARE)
        .draw(scene.hardware);
    return Lens.develop(canvas, scene.shot);
  }

  private void background(float[] backdrop) {
    int full = canvas.size;
    for (int y = 0; y < full; y++) {
      for (int x = 0; x < full; x++) {
        int at = y * full + x;
        int from = (y / 2 * size + x / 2) * 3;
        canvas.put(at, backdrop[from], backdrop[from + 1], backdrop[from + 2]);
      }
    }
  }

  private void surfaces(Scene scene, Lighting lighting) {
    Surface s = new Surface();
    for (int y = 0, at = 0; y < raster.size; y++) {
      for (int x = 0; x < raster.size; x++, at++) {
        if (raster.material[at] == 0) {
          continue;
        }
        s.nx = raster.nx[at];
        s.ny = raster.ny[at];
        s.nz = raster.nz[at];
        scene.paint(raster.material(at), s, raster.u[at], raster.v[at], raster.w[at]);
        s.unit();
        s.open = occlusion.open(x, y);
        float z = raster.depth[at];
        lighting.shade(s, scene.camera.x(x + .5f, z), scene.camera.y(y + .5f, z), z, out);
        canvas.put(at, out[0], out[1], out[2]);
      }
    }
  }

  /** Share of each pixel made of any of {@code materials} in the image shot last. */
  byte[] mask(Material... materials) {
    boolean[] counts = new boolean[Material.values().length];
    for (Material material : materials) {
      counts[material.ordinal()] = true;
    }
    byte[] mask = new byte[size * size];
    int full = raster.size;
    for (int y = 0; y < full; y++) {
      for (int x = 0; x < full; x++) {
        if (counts[raster.material[y * full + x]]) {
          int at = y / 2 * size + x / 2;
          mask[at] = (byte) Math.min(255, (mask[at] & 255) + 64);
        }
      }
    }
    return mask;
  }
}
