package dev.likeness.photos.internal.onnx;

import static dev.likeness.photos.internal.onnx.OnnxGraph.total;

import dev.likeness.photos.internal.onnx.OnnxShapes.Call;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Output shapes and work of convolutions, pooling, padding and resizing. */
final class OnnxWindows {
  // Larger than any kernel, stride, dilation or padding of a network.
  private static final long MAX_STEP = 1 << 12;

  private OnnxWindows() {}

  static List<OnnxValue> apply(String rule, Call c) {
    return switch (rule) {
      case "lrn" -> lrn(c);
      case "conv" -> conv(c);
      case "deconv" -> deconv(c);
      case "pool" -> pool(c);
      case "global" -> global(c);
      case "pad" -> pad(c);
      case "resize" -> resize(c);
      case "depthtospace", "spacetodepth" -> blocks(c, rule.startsWith("depth"));
      default -> throw new IllegalStateException("there is no shape rule with the name " + rule);
    };
  }

  private static List<OnnxValue> lrn(Call c) {
    long size = c.number("size", 0);
    c.check(c.input(0).rank() == 4, "needs an input of 4 dimensions");
    c.check(
        size >= 1 && size % 2 == 1 && size <= MAX_STEP,
        "has the size " + size + ", expected an odd number from 1 to " + MAX_STEP);
    c.addWork((double) size * c.input(0).elements());
    return OnnxLayers.same(c);
  }

  /** The kernel of a convolution or pooling. */
  private record Window(
      long[] kernel, long[] strides, long[] dilations, long[] pads, String autoPad) {
    static Window of(Call c, long[] kernel, int spatial) {
      c.check(
          c.input(0).rank() == spatial + 2
              && spatial >= 1
              && spatial <= 3
              && kernel.length == spatial,
          "has a kernel that does not fit the input "
              + Arrays.toString(c.input(0).dims()));
      long[] declared = c.list("kernel_shape");
      c.check(
          declared == null || Arrays.equals(declared, kernel),
          "has a kernel_shape that differs from its weights");
      Window window = new Window(
          kernel,
          list(c, "strides", spatial, 1),
          list(c, "dilations", spatial, 1),
          list(c, "pads", 2 * spatial, 0),
          c.text("auto_pad", "NOTSET"));
      boolean valid = IntStream.range(0, spatial)
          .allMatch(i -> kernel[i] >= 1 && kernel[i] <= MAX_STEP && window.extent(i) <= MAX_STEP);
      c.check(
          valid && List.of("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER").contains(window.autoPad),
          "has an invalid kernel " + Arrays.toString(kernel) + " or auto_pad");
      return window;
    }

    private static long[] list(Call c, String name, int count, long least) {
      long[] given = c.list(name);
      if (given == null) {
        given = new long[count];
        Arrays.fill(given, least);
      }
      c.check(
          given.length == count
              && Arrays.stream(given).allMatch(value -> value >= least && value <= MAX_STEP),
          "has invalid " + name + " " + Arrays.toString(given));
      return given;
    }

    private long extent(int i) {
      return (kernel[i] - 1) * dilations[i] + 1;
    }

    private boolean isSame() {
      return autoPad.startsWith("SAME");
    }

    private long pad(int i) {
      return autoPad.equals("NOTSET") ? pads[i] + pads[i + kernel.length] : 0;
    }

    /** The size of the output in dimension {@code i}. */
    long outputSize(Call c, int i, long dim, boolean ceil) {
      if (isSame()) {
        return (dim + strides[i] - 1) / strides[i];
      }
      long room = dim + pad(i) - extent(i);
      c.check(room >= 0, "has a kernel larger than its input");
      long size = (ceil ? room + strides[i] - 1 : room) / strides[i] + 1;
      boolean isBeyond = ceil && (size - 1) * strides[i] >= dim + pads[i];
      return isBeyond ? size - 1 : size;
    }
  }

  private static long[] kernel(OnnxValue weights) {
    return weights.rank() < 3 ? new long[0] : Arrays.copyOfRange(weights.dims(), 2, weights.rank());
  }

  private static List<OnnxValue> conv(Call c) {
    OnnxLayers.requireReal(c);
    long[] x = c.input(0).dims();
    OnnxValue weights = c.input(1);
    Window window = Window.of(c, kernel(weights), weights.rank() - 2);
    long groups = c.number("group", 1);
    long[] w = weights.dims();
    requireWeights(c, groups, x[1] == w[1] * groups && w[0] % Math.max(1, groups) == 0, w[0]);
    long[] dims = x.clone();
    dims[1] = w[0];
    for (int i = 0; i < window.kernel().length; i++) {
      dims[i + 2] = window.outputSize(c, i, x[i + 2], false);
    }
    c.addWork((double) total(dims) * w[1] * total(window.kernel()));
    return c.result(dims);
  }

  private static List<OnnxValue> deconv(Call c) {
    OnnxLayers.requireReal(c);
    long[] x = c.input(0).dims();
    OnnxValue weights = c.input(1);
    int spatial = weights.rank() - 2;
    Window window = Window.of(c, kernel(weights), spatial);
    long groups = c.number("group", 1);
    long[] w = weights.dims();
    requireWeights(c, groups, x[1] == w[0] && w[0] % Math.max(1, groups) == 0, w[1] * groups);
    long[] extra = Window.list(c, "output_padding", spatial, 0);
    long[] dims = x.clone();
    dims[1] = w[1] * groups;
    for (int i = 0; i < spatial; i++) {
      c.check(extra[i] < window.strides()[i], "has output_padding that is not below its strides");
      dims[i + 2] = window.isSame()
          ? x[i + 2] * window.strides()[i]
          : window.strides()[i] * (x[i + 2] - 1) + extra[i] + window.extent(i) - window.pad(i);
    }
    c.addWork((double) total(x) * w[1] * total(window.kernel()));
    return c.result(dims);
  }

  private static void requireWeights(Call c, long groups, boolean fits, long channels) {
    OnnxValue bias = c.input(2);
    c.check(
        groups >= 1
            && fits
            && c.input(1).fixed()
            && (bias == null || bias.fixed() && bias.rank() == 1 && bias.elements() == channels),
        "has weights of the shape " + Arrays.toString(c.input(1).dims()) + " (number of groups: "
            + groups + ") that do not fit " + Arrays.toString(c.input(0).dims()));
  }

  private static List<OnnxValue> pool(Call c) {
    long[] kernel = c.list("kernel_shape");
    c.check(kernel != null, "has no kernel_shape");
    Window window = Window.of(c, kernel, c.input(0).rank() - 2);
    long[] dims = c.input(0).dims().clone();
    for (int i = 0; i < kernel.length; i++) {
      c.check(
          Math.max(window.pads()[i], window.pads()[i + kernel.length]) < kernel[i],
          "has pads that are not below its kernel");
      dims[i + 2] = window.outputSize(c, i, dims[i + 2], c.number("ceil_mode", 0) != 0);
    }
    c.addWork(4.0 * total(dims) * total(kernel));
    return c.result(dims);
  }

  private static List<OnnxValue> global(Call c) {
    c.check(c.input(0).rank() >= 3, "needs an input of at least 3 dimensions");
    long[] dims = c.input(0).dims().clone();
    Arrays.fill(dims, 2, dims.length, 1);
    c.addWork(4.0 * c.input(0).elements());
    return c.result(dims);
  }

  private static List<OnnxValue> pad(Call c) {
    OnnxValue x = c.input(0);
    long[] pads = c.list("pads", 1);
    OnnxValue filling = c.input(2);
    String mode = c.text("mode", "constant");
    c.check(
        pads != null
            && pads.length == 2 * x.rank()
            && (filling == null || filling.fixed() && filling.elements() == 1)
            && List.of("constant", "reflect", "edge").contains(mode),
        "has pads or a mode that do not fit " + Arrays.toString(x.dims()));
    long[] dims = x.dims().clone();
    for (int i = 0; i < pads.length; i++) {
      long dim = x.dims()[i % x.rank()];
      c.check(
          pads[i] >= 0 && pads[i] <= (mode.equals("reflect") ? dim - 1 : 1 << 20),
          "cannot pad " + dim + " elements with " + pads[i]);
      dims[i % x.rank()] += pads[i];
    }
    return c.result(dims);
  }

  // Scales are input 2, behind the region of interest, or input 1 before opset 11.
  private static List<OnnxValue> resize(Call c) {
    OnnxValue x = c.input(0);
    int at = c.inputs().size() == 2 && c.input(1) != null ? 1 : 2;
    OnnxValue scales = c.input(at);
    OnnxValue sizes = c.input(3);
    double[] factors = c.option("scales") != null
        ? c.option("scales").numbers()
        : scales == null || scales.elements() == 0 ? null : scales.known();
    c.check(
        c.option("mode") != null
            && c.inputs().stream().skip(1).allMatch(OnnxValue::fixed)
            && x.rank() == 4
            && (sizes != null) == (factors == null)
            && (sizes == null || c.whole(3).length == 4)
            && (factors == null || factors.length == 4),
        "needs a mode and constant sizes or scales of four dimensions");
    long[] dims = new long[4];
    for (int i = 0; i < 4; i++) {
      double size = sizes != null ? sizes.known()[i] : Math.floor(x.dims()[i] * factors[i]);
      c.check(
          i < 2 ? size == x.dims()[i] : size >= 1 && size <= 1 << 16,
          "cannot resize " + Arrays.toString(x.dims()) + " to " + size + " at dimension " + i);
      dims[i] = (long) size;
    }
    c.addWork(16.0 * total(dims));
    return c.result(dims);
  }

  private static List<OnnxValue> blocks(Call c, boolean toSpace) {
    long[] x = c.input(0).dims();
    long side = c.number("blocksize", 0);
    c.check(x.length == 4, "needs an input of 4 dimensions");
    c.check(side >= 1 && side <= 64, "has the blocksize " + side + ", expected 1 to 64");
    boolean fits = toSpace ? x[1] % (side * side) == 0 : x[2] % side == 0 && x[3] % side == 0;
    c.check(fits, "has the blocksize " + side + ", which does not fit " + Arrays.toString(x));
    return toSpace
        ? c.result(x[0], x[1] / (side * side), x[2] * side, x[3] * side)
        : c.result(x[0], x[1] * side * side, x[2] / side, x[3] / side);
  }
}
