package dev.likeness.photos.internal.onnx;

import static dev.likeness.photos.internal.onnx.OnnxGraph.total;

import dev.likeness.photos.internal.onnx.OnnxShapes.Call;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.IntStream;

/** Output shapes and work of elementwise operations, norms and matrix products. */
final class OnnxLayers {
  private OnnxLayers() {}

  static List<OnnxValue> apply(String rule, Call c) {
    OnnxValue x = c.input(0);
    return switch (rule) {
      case "same" -> same(c);
      case "clip" -> clip(c);
      case "axis" -> {
        c.axis(c.number("axis", -1), x.rank());
        yield same(c);
      }
      case "broadcast" -> broadcast(c);
      case "slope" -> slope(c);
      case "channels" -> channels(c);
      case "layernorm" -> layerNorm(c);
      case "reduce" -> reduce(c);
      case "gemm" -> gemm(c);
      case "matmul" -> matmul(c);
      default -> OnnxWindows.apply(rule, c);
    };
  }

  static List<OnnxValue> same(Call c) {
    OnnxValue x = c.input(0);
    double[] known = x.known() == null || !c.isFixed()
        ? null
        : switch (c.operation()) {
          case "Identity", "Dropout" -> x.known();
          case "Floor" -> Arrays.stream(x.known()).map(Math::floor).toArray();
          case "Ceil" -> Arrays.stream(x.known()).map(Math::ceil).toArray();
          case "Neg" -> Arrays.stream(x.known()).map(value -> -value).toArray();
          default -> null;
        };
    c.addWork(8.0 * x.elements());
    return c.result(x.dims(), known);
  }

  // The inputs are bounds, or the ratio of dropout, whose second output is its mask.
  private static List<OnnxValue> clip(Call c) {
    c.check(
        c.inputs().stream().skip(1).allMatch(one -> one.fixed() && one.elements() == 1),
        "has inputs that are not constant numbers");
    OnnxValue one = same(c).get(0);
    return List.of(one, one);
  }

  /** The broadcast shape by numpy's rule. */
  static long[] broadcast(Call c, long[] a, long[] b) {
    long[] dims = new long[Math.max(a.length, b.length)];
    for (int i = 1; i <= dims.length; i++) {
      long left = i <= a.length ? a[a.length - i] : 1;
      long right = i <= b.length ? b[b.length - i] : 1;
      c.check(
          left > 0 && right > 0 && (left == right || left == 1 || right == 1),
          "cannot broadcast " + Arrays.toString(a) + " and " + Arrays.toString(b));
      dims[dims.length - i] = Math.max(left, right);
    }
    return dims;
  }

  private static List<OnnxValue> broadcast(Call c) {
    requireReal(c);
    List<OnnxValue> all = c.inputs();
    long[] dims = all.get(0).dims();
    double[] known = all.get(0).known();
    for (OnnxValue one : all.subList(1, all.size())) {
      dims = broadcast(c, dims, one.dims());
      known = known == null || one.known() == null ? null : folded(c, known, one.known());
    }
    c.addWork((double) total(dims) * all.size());
    return c.result(dims, known != null && known.length == total(dims) ? known : null);
  }

  private static double[] folded(Call c, double[] a, double[] b) {
    boolean isReal = c.input(0).real();
    DoubleBinaryOperator f =
        switch (c.operation()) {
          case "Add" -> Double::sum;
          case "Sub" -> (l, r) -> l - r;
          case "Mul" -> (l, r) -> l * r;
          case "Div" -> isReal ? (l, r) -> l / r : (l, r) -> (long) (l / r);
          default -> null;
        };
    return f == null || a.length != b.length && a.length != 1 && b.length != 1
        ? null
        : IntStream.range(0, Math.max(a.length, b.length))
            .mapToDouble(i -> f.applyAsDouble(a[i % a.length], b[i % b.length]))
            .toArray();
  }

  // Values that depend on the image are always floating-point numbers.
  static void requireReal(Call c) {
    c.check(
        c.isFixed() || c.inputs().stream().allMatch(OnnxValue::real),
        "combines integers with values of the image");
  }

  private static long channelsOf(Call c) {
    c.check(c.input(0).rank() >= 2, "has no channels");
    return c.input(0).dims()[1];
  }

  private static List<OnnxValue> slope(Call c) {
    requireReal(c);
    OnnxValue x = c.input(0);
    OnnxValue slope = c.input(1);
    long channels = channelsOf(c);
    // PRelu of opset 6 has a list of slopes, later versions have [channels, 1, 1].
    boolean isList = slope.rank() == 1 && slope.elements() == channels;
    boolean fits = slope.elements() == 1
        || slope.elements() == channels
            && slope.rank() >= x.rank() - 1
            && slope.dims()[slope.rank() - x.rank() + 1] == channels;
    c.check(
        slope.fixed()
            && (isList || fits && Arrays.equals(broadcast(c, x.dims(), slope.dims()), x.dims())),
        "has slopes of the shape " + Arrays.toString(slope.dims()) + ", which does not fit "
            + channels + " channels");
    return same(c);
  }

  private static List<OnnxValue> channels(Call c) {
    requireReal(c);
    long channels = channelsOf(c);
    long groups = c.number("num_groups", 1);
    c.check(
        groups >= 1 && channels % groups == 0,
        "has " + groups + " groups, which do not divide its " + channels + " channels");
    for (OnnxValue one : c.inputs().subList(1, c.inputs().size())) {
      c.check(
          one.fixed() && one.rank() == 1 && one.elements() == channels,
          "has parameters of the shape " + Arrays.toString(one.dims())
              + ", expected one number for each of its " + channels + " channels");
    }
    return same(c);
  }

  private static List<OnnxValue> layerNorm(Call c) {
    requireReal(c);
    OnnxValue x = c.input(0);
    int axis = c.axis(c.number("axis", -1), x.rank());
    long[] normed = Arrays.copyOfRange(x.dims(), axis, x.rank());
    for (OnnxValue one : c.inputs().subList(1, c.inputs().size())) {
      c.check(
          one.fixed() && Arrays.equals(one.dims(), normed),
          "has parameters of the shape " + Arrays.toString(one.dims()) + ", expected "
              + Arrays.toString(normed));
    }
    return same(c);
  }

  private static List<OnnxValue> gemm(Call c) {
    requireReal(c);
    long[] a = c.input(0).dims();
    long[] b = c.input(1).dims();
    c.check(a.length == 2 && b.length == 2, "needs two matrices");
    int transA = c.number("transA", 0) != 0 ? 1 : 0;
    int transB = c.number("transB", 0) != 0 ? 1 : 0;
    long[] dims = {a[transA], b[1 - transB]};
    OnnxValue more = c.input(2);
    c.check(
        a[1 - transA] == b[transB]
            && (more == null
                || more.rank() <= 2 && Arrays.equals(broadcast(c, dims, more.dims()), dims)),
        "cannot multiply " + Arrays.toString(a) + " by " + Arrays.toString(b));
    c.addWork((double) dims[0] * dims[1] * b[transB]);
    return c.result(dims);
  }

  private static List<OnnxValue> matmul(Call c) {
    requireReal(c);
    long[] a = c.input(0).dims();
    long[] b = c.input(1).dims();
    c.check(
        a.length >= 2 && b.length >= 2 && a[a.length - 1] == b[b.length - 2],
        "cannot multiply " + Arrays.toString(a) + " by " + Arrays.toString(b));
    long[] outer = broadcast(c, Arrays.copyOf(a, a.length - 2), Arrays.copyOf(b, b.length - 2));
    long[] dims = Arrays.copyOf(outer, outer.length + 2);
    dims[outer.length] = a[a.length - 2];
    dims[outer.length + 1] = b[b.length - 1];
    c.addWork((double) total(dims) * a[a.length - 1]);
    return c.result(dims);
  }

  private static List<OnnxValue> reduce(Call c) {
    OnnxValue x = c.input(0);
    long[] axes = c.list("axes", 1);
    boolean[] gone = c.axes(axes == null ? new long[0] : axes, x.rank());
    boolean all = (axes == null || axes.length == 0) && c.number("noop_with_empty_axes", 0) == 0;
    boolean kept = c.number("keepdims", 1) != 0;
    List<Long> dims = new ArrayList<>();
    for (int i = 0; i < x.rank(); i++) {
      if (!all && !gone[i]) {
        dims.add(x.dims()[i]);
      } else if (kept) {
        dims.add(1L);
      }
    }
    c.addWork(4.0 * x.elements());
    return c.result(dims.stream().mapToLong(n -> n).toArray());
  }
}
