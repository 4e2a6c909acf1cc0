package dev.likeness.photos.internal.embed;

import dev.likeness.photos.internal.onnx.Proto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;

/**
 * A small IResNet as an ONNX file, always with the same weights. Tests change its nodes and tensors
 * as exporters do, or as no exporter does.
 */
final class IResNetExport {
  static final int SIZE = 12;
  private static final int CHANNELS = 4;
  private static final int SIDE = 112;
  private static final int FLAT = CHANNELS * 7 * 7;

  /** A node: operation, inputs and outputs separated by blanks, attributes. */
  record Step(String operation, String inputs, String outputs, List<Proto> options) {
    static Step of(String operation, String inputs, String outputs, Proto... options) {
      return new Step(operation, inputs, outputs, List.of(options));
    }
  }

  /** A tensor of f32 numbers. */
  record Weight(float[] values, long... dims) {}

  final List<Step> steps = new ArrayList<>();
  final Map<String, Weight> weights = new LinkedHashMap<>();
  final List<Proto> others = new ArrayList<>();
  private final Random random = new Random(4);
  private long[] image = {1, 3, SIDE, SIDE};
  private boolean half;
  private long opset = 13;
  private boolean declared;

  /** A network that ends in the value {@code y}, behind a batch norm. */
  IResNetExport() {
    convolution("x", "c", 3, 3);
    steps.add(Step.of("PRelu", "c slope", "p"));
    weights.put("slope", positive(CHANNELS, CHANNELS, 1, 1));
    String value = "p";
    for (int i = 0; i < 4; i++) {
      String at = "b" + i;
      norm(value, at + "n", CHANNELS);
      convolution(at + "n", at + "c", CHANNELS, 3);
      steps.add(Step.of("PRelu", at + "c " + at + "slope", at + "p"));
      weights.put(at + "slope", positive(CHANNELS, CHANNELS, 1, 1));
      convolution(at + "p", at + "d", CHANNELS, 3, Proto.ints("strides", 2, 2));
      norm(at + "d", at + "e", CHANNELS);
      convolution(value, at + "s", CHANNELS, 1, Proto.ints("strides", 2, 2));
      steps.add(Step.of("Add", at + "e " + at + "s", at + "o"));
      value = at + "o";
    }
    norm(value, "n", CHANNELS);
    steps.add(Step.of("Flatten", "n", "flat"));
    steps.add(Step.of("Gemm", "flat fc bias", "g", Proto.number("transB", 1)));
    weights.put("fc", signed(FLAT, SIZE, FLAT));
    weights.put("bias", signed(1, SIZE));
    norm("g", "y", SIZE);
  }

  private void convolution(String in, String out, int channels, int kernel, Proto... options) {
    List<Proto> all = new ArrayList<>(List.of(options));
    long pad = kernel / 2;
    all.add(Proto.ints("kernel_shape", kernel, kernel));
    all.add(Proto.ints("pads", pad, pad, pad, pad));
    steps.add(new Step("Conv", in + " " + out + "w", out, all));
    weights.put(out + "w", signed(channels * kernel * kernel, CHANNELS, channels, kernel, kernel));
  }

  private void norm(String in, String out, int channels) {
    String at = out + "_";
    steps.add(Step.of(
        "BatchNormalization", in + " " + at + "w " + at + "b " + at + "m " + at + "v", out));
    weights.put(at + "w", positive(channels, channels));
    weights.put(at + "b", signed(16, channels));
    weights.put(at + "m", signed(16, channels));
    weights.put(at + "v", positive(channels, channels));
  }

  private Weight signed(int fan, long... dims) {
    float[] values = new float[(int) count(dims)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() / Math.sqrt(fan));
    }
    return new Weight(values, dims);
  }

  private Weight positive(int count, long... dims) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = 0.5f + random.nextFloat();
    }
    return new Weight(values, dims);
  }

  private static long count(long... dims) {
    long count = 1;
    for (long dim : dims) {
      count *= dim;
    }
    return count;
  }

  /** Declares other dimensions of the image; -1 leaves one open. */
  IResNetExport image(long... dims) {
    image = dims;
    return this;
  }

  /** Stores all weights as f16, and computes with them; the input stays f32 behind a Cast. */
  IResNetExport half() {
    half = true;
    return this;
  }

  /** Lists the initialisers among the inputs, as exporters for old versions do. */
  IResNetExport declared() {
    declared = true;
    return this;
  }

  IResNetExport change(Consumer<IResNetExport> change) {
    change.accept(this);
    return this;
  }

  /** Lets the nodes that read {@code value} read {@code other}, which {@code added} compute. */
  IResNetExport instead(String value, String other, Step... added) {
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      String inputs = (" " + step.inputs() + " ").replace(" " + value + " ", " " + other + " ");
      steps.set(i, new Step(step.operation(), inputs.strip(), step.outputs(), step.options()));
    }
    int at = 0;
    for (int i = 0; i < steps.size(); i++) {
      at = List.of(steps.get(i).outputs().split(" ")).contains(value) ? i + 1 : at;
    }
    steps.addAll(at, List.of(added));
    return this;
  }

  /** Replaces the node that computes {@code value}. */
  IResNetExport replace(String value, Step... by) {
    for (int i = 0; i < steps.size(); i++) {
      if (steps.get(i).outputs().equals(value)) {
        steps.remove(i);
        steps.addAll(i, List.of(by));
        return this;
      }
    }
    throw new IllegalArgumentException(value);
  }

  /** Appends nodes to the end: they read {@code raw} and compute {@code y}. */
  IResNetExport tail(Step... added) {
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      if (step.outputs().equals("y")) {
        steps.set(i, new Step(step.operation(), step.inputs(), "raw", step.options()));
      }
    }
    steps.addAll(List.of(added));
    return this;
  }

  IResNetExport weight(String name, float[] values, long... dims) {
    weights.put(name, new Weight(values, dims));
    return this;
  }

  /** Adds whole numbers, such as axes. */
  IResNetExport whole(String name, long... values) {
    others.add(Proto.whole(name, values));
    return this;
  }

  IResNetExport opset(long version) {
    opset = version;
    return this;
  }

  byte[] bytes() {
    Proto graph = new Proto().text(2, "iresnet");
    List<Step> all = new ArrayList<>(steps);
    if (half) {
      instead("x", "xh");
      all = new ArrayList<>(steps);
      all.add(0, Step.of("Cast", "x", "xh", Proto.number("to", 10)));
    }
    for (Step step : all) {
      graph.append(Proto.node(
          step.operation(), step.inputs(), step.outputs(), step.options().toArray(new Proto[0])));
    }
    weights.forEach((name, weight) -> graph.message(5, tensor(name, weight)));
    others.forEach(graph::append);
    graph.message(11, Proto.value("x", Proto.FLOAT, image));
    if (declared) {
      weights.forEach((name, weight) ->
          graph.message(11, Proto.value(name, half ? 10 : Proto.FLOAT, weight.dims())));
    }
    graph.message(12, Proto.value("y", half ? 10 : Proto.FLOAT, 1, SIZE));
    return Proto.model(graph, opset);
  }

  private Proto tensor(String name, Weight weight) {
    int width = half ? Short.BYTES : Float.BYTES;
    ByteBuffer raw =
        ByteBuffer.allocate(weight.values().length * width).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : weight.values()) {
      if (half) {
        raw.putShort(toHalf(value));
      } else {
        raw.putFloat(value);
      }
    }
    return Proto.tensor(name, half ? 10 : Proto.FLOAT, raw.array(), weight.dims());
  }

  /** The nearest f16 number towards zero; subnormal numbers become zero. */
  static short toHalf(float value) {
    int bits = Float.floatToIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int exponent = (bits >>> 23 & 255) - 112;
    if (exponent <= 0) {
      return (short) sign;
    }
    return (short) (exponent >= 31 ? sign | 0x7c00 : sign | exponent << 10 | bits >>> 13 & 1023);
  }
}
