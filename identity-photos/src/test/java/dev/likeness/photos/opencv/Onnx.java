package dev.likeness.photos.opencv;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * ONNX files of networks that do next to nothing, so that what they answer tells what they were
 * given. As much of onnx.proto as they take; messages are fields, each a number and bytes or a
 * varint.
 */
public final class Onnx {
  private static final int CHANNELS = 3;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private Onnx() {}

  /** A network that answers the image that it is given. */
  public static byte[] identity(int side) {
    return pointwise(side, new float[] {1, 0, 0}, new float[] {0, 1, 0}, new float[] {0, 0, 1});
  }

  /**
   * A network that answers, at each pixel, one sum of the three channels for each of {@code rows}.
   */
  public static byte[] pointwise(int side, float[]... rows) {
    Onnx graph = new Onnx().message(1, conv("y"));
    return model(graph.text(2, "pixelwise").message(5, kernel(rows)), side, rows.length, side);
  }

  /**
   * A network that answers one sum of the three channels for each of {@code rows}, at every pixel
   * of a grid of that stride, which divides the side.
   */
  public static byte[] sampled(int side, int stride, float[]... rows) {
    Onnx strides =
        new Onnx().text(1, "strides").number(8, stride).number(8, stride).number(20, 7);
    Onnx graph = new Onnx().message(1, conv("y").message(5, strides));
    return model(
        graph.text(2, "sampled").message(5, kernel(rows)), side, rows.length, side / stride);
  }

  /**
   * A network that repeats every pixel four times: a convolution to twelve channels, which
   * DepthToSpace lays out.
   */
  static byte[] upsampledTwice(int side) {
    float[][] rows = new float[4 * CHANNELS][CHANNELS];
    for (int row = 0; row < rows.length; row++) {
      rows[row][row / 4] = 1;
    }
    Onnx lay = new Onnx()
        .text(1, "wide")
        .text(2, "y")
        .text(4, "DepthToSpace")
        .message(5, new Onnx().text(1, "blocksize").number(3, 2).number(20, 2))
        .message(5, new Onnx().text(1, "mode").text(4, "CRD").number(20, 3));
    Onnx graph = new Onnx().message(1, conv("wide")).message(1, lay);
    return model(graph.text(2, "twice").message(5, kernel(rows)), side, CHANNELS, 2 * side);
  }

  /** A network that answers the image less {@code mean}, times {@code scale}. */
  public static byte[] scaled(int side, float mean, float scale) {
    Onnx less = new Onnx().text(1, "x").text(1, "mean").text(2, "less").text(4, "Sub");
    Onnx times = new Onnx().text(1, "less").text(1, "scale").text(2, "y").text(4, "Mul");
    Onnx graph = new Onnx().message(1, less).message(1, times).text(2, "scaled");
    return model(
        graph.message(5, number("mean", mean)).message(5, number("scale", scale)),
        side,
        CHANNELS,
        side);
  }

  /**
   * The same behind a convolution that changes nothing, as an activation that is written out lies.
   */
  public static byte[] convolvedAndScaled(int side, float mean, float scale) {
    Onnx less = new Onnx().text(1, "same").text(1, "mean").text(2, "less").text(4, "Sub");
    Onnx times = new Onnx().text(1, "less").text(1, "scale").text(2, "y").text(4, "Mul");
    Onnx graph =
        new Onnx().message(1, conv("same")).message(1, less).message(1, times).text(2, "convolved");
    graph.message(5, kernel(new float[] {1, 0, 0}, new float[] {0, 1, 0}, new float[] {0, 0, 1}));
    return model(
        graph.message(5, number("mean", mean)).message(5, number("scale", scale)),
        side,
        CHANNELS,
        side);
  }

  private static Onnx number(String name, float value) {
    byte[] bytes = ByteBuffer.allocate(Float.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putFloat(value)
        .array();
    return new Onnx().number(1, 1).number(2, 1).text(8, name).bytes(9, bytes);
  }

  private static Onnx conv(String to) {
    return new Onnx().text(1, "x").text(1, "w").text(2, to).text(4, "Conv");
  }

  private static Onnx kernel(float[]... rows) {
    ByteBuffer weights =
        ByteBuffer.allocate(rows.length * CHANNELS * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float[] row : rows) {
      for (float weight : row) {
        weights.putFloat(weight);
      }
    }
    return new Onnx()
        .number(1, rows.length)
        .number(1, CHANNELS)
        .number(1, 1)
        .number(1, 1)
        .number(2, 1)
        .text(8, "w")
        .bytes(9, weights.array());
  }

  private static byte[] model(Onnx graph, int side, int channels, int outSide) {
    graph.message(11, value("x", CHANNELS, side)).message(12, value("y", channels, outSide));
    return new Onnx()
        .number(1, 8)
        .message(7, graph)
        .message(8, new Onnx().text(1, "").number(2, 13))
        .out
        .toByteArray();
  }

  private static Onnx value(String name, int channels, int side) {
    Onnx shape = new Onnx();
    for (int size : new int[] {1, channels, side, side}) {
      shape.message(1, new Onnx().number(1, size));
    }
    return new Onnx()
        .text(1, name)
        .message(2, new Onnx().message(1, new Onnx().number(1, 1).message(2, shape)));
  }

  private Onnx text(int field, String text) {
    return bytes(field, text.getBytes(StandardCharsets.UTF_8));
  }

  private Onnx message(int field, Onnx message) {
    return bytes(field, message.out.toByteArray());
  }

  private Onnx bytes(int field, byte[] bytes) {
    varint(field << 3 | 2);
    varint(bytes.length);
    out.writeBytes(bytes);
    return this;
  }

  private Onnx number(int field, long value) {
    varint(field << 3);
    varint(value);
    return this;
  }

  private void varint(long value) {
    for (long rest = value; ; rest >>>= 7) {
      if (rest < 128) {
        out.write((int) rest);
        return;
      }
      out.write((int) (rest & 127 | 128));
    }
  }
}
