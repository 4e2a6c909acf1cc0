package dev.likeness.portrait.people;

/**
 * Lights strands as cylinders (Kajiya and Kay, 1989) within the hair's volume, and draws them over
 * the image.
 */
final class StrandPaint {
  private static final float BIAS = .035f;
  private final Camera camera;
  private final Raster raster;
  private final Canvas canvas;
  private final LightRig rig;
  private final ShadowMap shadow;
  private final float[] colour = new float[3];
  private final float[] before = new float[3];
  private final float shine;
  private final Material material;

  StrandPaint(
      Camera camera,
      Raster raster,
      Canvas canvas,
      LightRig rig,
      ShadowMap shadow,
      float shine,
      Material material) {
    this.camera = camera;
    this.raster = raster;
    this.canvas = canvas;
    this.rig = rig;
    this.shadow = shadow;
    this.shine = shine;
    this.material = material;
  }

  void draw(Strands s) {
    float px = 0;
    float py = 0;
    float ph = 0;
    for (int i = 0; i < s.count; i++) {
      boolean ends = i + 1 == s.count || s.starts[i + 1];
      int a = s.starts[i] ? i : i - 1;
      int b = ends ? i : i + 1;
      light(s, i, s.x[b] - s.x[a], s.y[b] - s.y[a], s.z[b] - s.z[a]);
      float x = camera.column(s.x[i], s.z[i]);
      float y = camera.row(s.y[i], s.z[i]);
      float h = s.half[i] * camera.focal() / (camera.distance() - s.z[i]);
      if (!s.starts[i]) {
        line(px, py, s.z[i - 1], ph, x, y, s.z[i], h);
      }
      px = x;
      py = y;
      ph = h;
      System.arraycopy(colour, 0, before, 0, 3);
    }
  }

  private void light(Strands s, int i, float tx, float ty, float tz) {
    float k = 1 / (float) Math.sqrt(tx * tx + ty * ty + tz * tz + 1e-9f);
    tx *= k;
    ty *= k;
    tz *= k;
    float open = s.open[i];
    float up = .5f + .5f * s.ny[i];
    float r = Maths.mix(rig.ground[0], rig.sky[0], up) * open;
    float g = Maths.mix(rig.ground[1], rig.sky[1], up) * open;
    float b = Maths.mix(rig.ground[2], rig.sky[2], up) * open;
    float gr = 0;
    float gg = 0;
    float gb = 0;
    for (int n = 0; n < rig.lamps.length; n++) {
      float[] l = rig.lamps[n];
      float along = tx * l[0] + ty * l[1] + tz * l[2];
      float across = (float) Math.sqrt(Math.max(0, 1 - along * along));
      float facing = s.nx[i] * l[0] + s.ny[i] * l[1] + s.nz[i] * l[2];
      float side = Math.max(0, (facing + .35f) / 1.35f);
      float lit = n == 0 ? shadow.near(s.x[i], s.y[i], s.z[i]) : 1;
      float d = across * side * lit * (.25f + .75f * open);
      r += l[3] * d;
      g += l[4] * d;
      b += l[5] * d;
      float hx = l[0];
      float hy = l[1];
      float hz = l[2] + 1;
      float hk = 1 / (float) Math.sqrt(hx * hx + hy * hy + hz * hz + 1e-4f);
      float th = (tx * hx + ty * hy + tz * hz) * hk;
      float spec = Lighting.power((float) Math.sqrt(Math.max(0, 1 - th * th)), 60)
          * side
          * lit
          * open
          * shine;
      gr += l[3] * spec;
      gg += l[4] * spec;
      gb += l[5] * spec;
    }
    colour[0] = s.r[i] * r + gr * (.045f + .42f * s.r[i]);
    colour[1] = s.g[i] * g + gg * (.045f + .42f * s.g[i]);
    colour[2] = s.b[i] * b + gb * (.045f + .42f * s.b[i]);
  }

  /** One piece, from {@link #before} to {@link #colour}. */
  private void line(
      float x0, float y0, float z0, float h0, float x1, float y1, float z1, float h1) {
    float dx = x1 - x0;
    float dy = y1 - y0;
    boolean steep = Math.abs(dy) > Math.abs(dx);
    float span = steep ? dy : dx;
    if (Math.abs(span) < .01f) {
      return;
    }
    float length = (float) Math.sqrt(dx * dx + dy * dy);
    float widen = length / Math.abs(span);
    float from = steep ? y0 : x0;
    int first = (int) Math.ceil(Math.min(from, from + span) - .5f);
    int last = (int) Math.ceil(Math.max(from, from + span) - .5f) - 1;
    first = Math.max(first, 0);
    last = Math.min(last, raster.size - 1);
    for (int major = first; major <= last; major++) {
      float t = (major + .5f - from) / span;
      float middle = steep ? x0 + dx * t : y0 + dy * t;
      float h = Maths.mix(h0, h1, t) * widen;
      float z = Maths.mix(z0, z1, t);
      int low = Math.max(0, (int) Math.floor(middle - h));
      int high = Math.min(raster.size - 1, (int) Math.floor(middle + h));
      for (int minor = low; minor <= high; minor++) {
        float cover = Math.min(minor + 1, middle + h) - Math.max(minor, middle - h);
        int at = steep ? major * raster.size + minor : minor * raster.size + major;
        if (z + BIAS > raster.depth[at]) {
          float round = 1 - .22f * Math.abs(minor + .5f - middle) / (h + .5f);
          canvas.lay(
              at,
              Maths.mix(before[0], colour[0], t) * round,
              Maths.mix(before[1], colour[1], t) * round,
              Maths.mix(before[2], colour[2], t) * round,
              cover);
          if (cover > .5f) {
            raster.depth[at] = z;
            raster.material[at] = (byte) material.ordinal();
          }
        }
      }
    }
  }
}
