package dev.likeness.photos.internal.onnx;

import static dev.likeness.photos.internal.onnx.OnnxGraph.total;

import dev.likeness.photos.internal.onnx.OnnxShapes.Call;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Output shapes of operations that move, select or repeat elements. */
final class OnnxRules {
  private static final int MAX_KNOWN = 256;

  private OnnxRules() {}

  /** The outputs of a node by a rule of {@code operators.txt}. */
  static List<OnnxValue> apply(String rule, Call c) {
    return switch (rule) {
      case "reshape" -> reshape(c);
      case "transpose" -> transpose(c);
      case "squeeze" -> squeeze(c);
      case "unsqueeze" -> unsqueeze(c);
      case "flatten" -> flatten(c);
      case "concat" -> concat(c);
      case "split" -> split(c);
      case "slice" -> slice(c);
      case "expand" -> expand(c);
      case "tile" -> tile(c);
      case "shape" ->
        List.of(
            OnnxValue.whole(Arrays.stream(c.input(0).dims()).asDoubleStream().toArray()));
      case "gather" -> gather(c);
      case "constant" -> constant(c);
      case "filled" -> filled(c);
      case "range" -> range(c);
      case "cast" -> cast(c);
      default -> OnnxLayers.apply(rule, c);
    };
  }

  private static List<OnnxValue> reshape(Call c) {
    OnnxValue x = c.input(0);
    long[] wanted = c.list("shape", 1);
    c.check(wanted != null, "has no shape");
    long[] dims = wanted.clone();
    int open = -1;
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] == 0 && c.number("allowzero", 0) == 0 && i < x.rank()) {
        dims[i] = x.dims()[i];
      } else if (dims[i] == -1 && open < 0) {
        open = i;
        dims[i] = 1;
      }
      c.check(dims[i] > 0, "cannot reshape to " + Arrays.toString(wanted));
    }
    if (open >= 0 && total(dims) <= x.elements()) {
      dims[open] = x.elements() / total(dims);
    }
    c.check(
        total(dims) == x.elements(),
        "cannot reshape " + Arrays.toString(x.dims()) + " to " + Arrays.toString(wanted));
    return c.result(dims, x.known());
  }

  private static List<OnnxValue> transpose(Call c) {
    OnnxValue x = c.input(0);
    long[] given = c.list("perm");
    long[] order = given != null
        ? given
        : IntStream.range(0, x.rank()).mapToLong(i -> x.rank() - 1 - i).toArray();
    c.check(
        order.length == x.rank() && Arrays.stream(order).allMatch(axis -> axis >= 0),
        "has perm " + Arrays.toString(order) + ", which does not fit " + Arrays.toString(x.dims()));
    c.axes(order, x.rank());
    return c.result(
        Arrays.stream(order).map(axis -> x.dims()[(int) axis]).toArray(),
        x.rank() < 2 ? x.known() : null);
  }

  private static List<OnnxValue> squeeze(Call c) {
    OnnxValue x = c.input(0);
    long[] axes = c.list("axes", 1);
    boolean[] gone = axes == null ? null : c.axes(axes, x.rank());
    List<Long> kept = new ArrayList<>();
    for (int i = 0; i < x.rank(); i++) {
      boolean goes = gone == null ? x.dims()[i] == 1 : gone[i];
      c.check(!goes || x.dims()[i] == 1, "cannot squeeze " + Arrays.toString(x.dims()));
      if (!goes) {
        kept.add(x.dims()[i]);
      }
    }
    return c.result(longs(kept), x.known());
  }

  private static List<OnnxValue> unsqueeze(Call c) {
    OnnxValue x = c.input(0);
    long[] axes = c.list("axes", 1);
    c.check(axes != null && axes.length <= 8, "has no axes");
    boolean[] added = c.axes(axes, x.rank() + axes.length);
    long[] dims = new long[added.length];
    for (int i = 0, from = 0; i < dims.length; i++) {
      dims[i] = added[i] ? 1 : x.dims()[from++];
    }
    return c.result(dims, x.known());
  }

  private static List<OnnxValue> flatten(Call c) {
    OnnxValue x = c.input(0);
    long axis = c.number("axis", 1);
    int at = axis == x.rank() ? x.rank() : c.axis(axis, x.rank());
    return c.result(
        total(Arrays.copyOf(x.dims(), at)), total(Arrays.copyOfRange(x.dims(), at, x.rank())));
  }

  private static List<OnnxValue> concat(Call c) {
    OnnxValue first = c.input(0);
    c.check(c.option("axis") != null, "has no axis");
    int axis = c.axis(c.number("axis", 0), first.rank());
    long[] dims = first.dims().clone();
    dims[axis] = 0;
    double[] known = first.rank() == 1 ? new double[0] : null;
    for (OnnxValue one : c.inputs()) {
      long[] others = one.dims().clone();
      c.check(others.length == dims.length, "concatenates different ranks");
      others[axis] = dims[axis];
      c.check(
          Arrays.equals(others, dims) && one.real() == first.real(),
          "cannot concatenate " + Arrays.toString(first.dims()) + " and "
              + Arrays.toString(one.dims()));
      dims[axis] += one.dims()[axis];
      if (known != null) {
        int length = known.length;
        boolean fits = one.known() != null && length + one.known().length <= MAX_KNOWN;
        known = fits ? Arrays.copyOf(known, length + one.known().length) : null;
        if (fits) {
          System.arraycopy(one.known(), 0, known, length, one.known().length);
        }
      }
    }
    return c.result(dims, known);
  }

  private static List<OnnxValue> split(Call c) {
    OnnxValue x = c.input(0);
    int axis = c.axis(c.number("axis", 0), x.rank());
    long[] sizes = c.list("split", 1);
    if (sizes == null) {
      sizes = new long[c.outputs()];
      Arrays.fill(sizes, x.dims()[axis] / sizes.length);
    }
    c.check(
        sizes.length == c.outputs()
            && Arrays.stream(sizes).allMatch(size -> size > 0 && size <= x.dims()[axis])
            && Arrays.stream(sizes).sum() == x.dims()[axis]
            && c.number("num_outputs", sizes.length) == sizes.length,
        "cannot split " + x.dims()[axis] + " into " + Arrays.toString(sizes));
    return Arrays.stream(sizes)
        .mapToObj(size -> {
          long[] dims = x.dims().clone();
          dims[axis] = size;
          return new OnnxValue(dims, null, x.real(), x.fixed());
        })
        .toList();
  }

  private static List<OnnxValue> slice(Call c) {
    OnnxValue x = c.input(0);
    long[] starts = c.list("starts", 1);
    long[] ends = c.list("ends", 2);
    c.check(
        starts != null && ends != null && starts.length == ends.length && starts.length <= x.rank(),
        "has starts and ends that do not fit " + Arrays.toString(x.dims()));
    long[] axes = c.list("axes", 3);
    axes = axes == null ? IntStream.range(0, starts.length).asLongStream().toArray() : axes;
    long[] steps = c.input(4) == null ? null : c.whole(4);
    c.axes(axes, x.rank());
    c.check(
        axes.length == starts.length && (steps == null || steps.length == starts.length),
        "has axes or steps that do not fit its starts");
    long[] dims = x.dims().clone();
    double[] known = x.known();
    for (int i = 0; i < starts.length; i++) {
      int axis = c.axis(axes[i], x.rank());
      long dim = x.dims()[axis];
      long step = steps == null ? 1 : steps[i];
      // Exporters write the largest int32 or int64 for "to the end".
      long end = ends[i] == Long.MAX_VALUE ? dim : ends[i];
      c.check(
          starts[i] >= -dim
              && starts[i] < dim
              && end >= -dim
              && end <= Integer.MAX_VALUE
              && step >= 1
              && step <= dim,
          "cannot slice " + starts[i] + " to " + ends[i] + " by " + step + " of " + dim);
      long from = starts[i] < 0 ? starts[i] + dim : starts[i];
      long to = Math.min(dim, end < 0 ? end + dim : end);
      dims[axis] = (to - from + step - 1) / step;
      c.check(to > from, "has an empty slice, " + starts[i] + " to " + ends[i] + " of " + dim);
      if (known != null) {
        double[] all = known;
        known = x.rank() != 1
            ? null
            : IntStream.range(0, (int) dims[0])
                .mapToDouble(k -> all[(int) (from + k * step)])
                .toArray();
      }
    }
    return c.result(dims, known);
  }

  private static List<OnnxValue> expand(Call c) {
    return c.result(OnnxLayers.broadcast(c, c.input(0).dims(), c.whole(1)));
  }

  private static List<OnnxValue> tile(Call c) {
    OnnxValue x = c.input(0);
    long[] repeats = c.whole(1);
    c.check(
        repeats.length == x.rank()
            && Arrays.stream(repeats).allMatch(times -> times >= 1 && times <= 1 << 20),
        "cannot repeat " + Arrays.toString(x.dims()) + " " + Arrays.toString(repeats) + " times");
    return c.result(
        IntStream.range(0, x.rank()).mapToLong(i -> x.dims()[i] * repeats[i]).toArray());
  }

  private static List<OnnxValue> gather(Call c) {
    OnnxValue x = c.input(0);
    int axis = c.axis(c.number("axis", 0), x.rank());
    long dim = x.dims()[axis];
    long[] places = c.whole(1);
    c.check(
        Arrays.stream(places).allMatch(i -> i >= -dim && i < dim),
        "has indices " + Arrays.toString(places) + ", which do not fit " + dim + " elements");
    List<Long> dims = new ArrayList<>();
    IntStream.range(0, axis).forEach(i -> dims.add(x.dims()[i]));
    Arrays.stream(c.input(1).dims()).forEach(dims::add);
    IntStream.range(axis + 1, x.rank()).forEach(i -> dims.add(x.dims()[i]));
    double[] known = x.rank() != 1 || x.known() == null
        ? null
        : Arrays.stream(places)
            .mapToDouble(i -> x.known()[(int) (i < 0 ? i + dim : i)])
            .toArray();
    return c.result(longs(dims), known);
  }

  private static List<OnnxValue> constant(Call c) {
    for (String name : List.of("value", "value_int", "value_ints", "value_float", "value_floats")) {
      OnnxGraph.Option option = c.option(name);
      if (option != null && option.kind() == 't') {
        return List.of(OnnxValue.of(option.constant()));
      }
      if (option != null) {
        long[] dims = option.kind() == 'i' || option.kind() == 'f'
            ? new long[0]
            : new long[] {option.numbers().length};
        return List.of(new OnnxValue(dims, option.numbers(), name.startsWith("value_float"), true));
      }
    }
    c.check(false, "has no value attribute");
    return List.of();
  }

  private static List<OnnxValue> filled(Call c) {
    long[] dims = c.whole(0);
    OnnxGraph.Option value = c.option("value");
    c.check(
        value == null || total(value.constant().dims()) == 1,
        "has more than one number as its value");
    return List.of(new OnnxValue(dims, null, value == null || value.constant().real(), true));
  }

  private static List<OnnxValue> range(Call c) {
    double[] ends = new double[3];
    for (int i = 0; i < 3; i++) {
      OnnxValue one = c.input(i);
      c.check(
          one.fixed() && one.known() != null && one.elements() == 1,
          "needs three constant numbers");
      ends[i] = one.known()[0];
    }
    double count = Math.ceil((ends[1] - ends[0]) / ends[2]);
    c.check(
        count >= 1 && count <= OnnxShapes.MIN_ELEMENTS,
        "has " + count + " elements, expected 1 to " + OnnxShapes.MIN_ELEMENTS);
    double[] known = count > MAX_KNOWN
        ? null
        : IntStream.range(0, (int) count)
            .mapToDouble(i -> ends[0] + i * ends[2])
            .toArray();
    return c.result(new long[] {(long) count}, known);
  }

  private static List<OnnxValue> cast(Call c) {
    OnnxValue x = c.input(0);
    int to = (int) c.number("to", 0);
    boolean isReal = to == OnnxGraph.FLOAT || to == OnnxGraph.HALF;
    c.check(
        isReal || to == 6 || to == 7,
        "casts to " + OnnxGraph.typeName(to) + ", which is not supported",
        OnnxGraph.IN_F32);
    double[] known = x.known() == null || isReal
        ? x.known()
        : Arrays.stream(x.known()).map(value -> (long) value).toArray();
    return List.of(new OnnxValue(x.dims(), known, isReal, x.fixed()));
  }

  private static long[] longs(List<Long> list) {
    return list.stream().mapToLong(n -> n).toArray();
  }
}
