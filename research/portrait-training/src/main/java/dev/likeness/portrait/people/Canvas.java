package dev.likeness.portrait.people;

/** The image in the making: linear RGB for every sample. */
final class Canvas {
  final int size;
  final float[] rgb;

  Canvas(int size) {
    this.size = size;
    rgb = new float[size * size * 3];
  }

  void put(int at, float r, float g, float b) {
    rgb[at * 3] = r;
    rgb[at * 3 + 1] = g;
    rgb[at * 3 + 2] = b;
  }

  /** Lays a colour over what is there. */
  void lay(int at, float r, float g, float b, float cover) {
    int i = at * 3;
    rgb[i] += (r - rgb[i]) * cover;
    rgb[i + 1] += (g - rgb[i + 1]) * cover;
    rgb[i + 2] += (b - rgb[i + 2]) * cover;
  }
}
