package dev.likeness.photos.internal.onnx;

import static dev.likeness.photos.internal.onnx.OnnxGraph.total;

import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.photos.internal.onnx.OnnxGraph.Node;
import dev.likeness.photos.internal.onnx.OnnxGraph.Option;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The shapes of everything that a network calculates, found without running it. Only the operations
 * of {@code operators.txt} are known; their options must have the right kind, and their shapes must
 * fit as ONNX's operator definitions say. What depends on the image's content may not be a shape.
 */
final class OnnxShapes {
  /** The longest side of an image that a network may take. */
  static final int MAX_SIDE = 2048;

  /** Elements that may be alive at a time in the smallest file: 256 MiB. */
  static final long MIN_ELEMENTS = 1L << 26;

  private static final Map<String, Operator> OPERATORS = Operator.read();

  /** What {@code operators.txt} says of an operation. */
  private record Operator(
      String rule, int least, int most, int outputs, Map<String, Character> options) {
    static Map<String, Operator> read() {
      Map<String, Operator> operators = new HashMap<>();
      try (InputStream in = OnnxShapes.class.getResourceAsStream("operators.txt")) {
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        text.lines().filter(line -> !line.startsWith("#")).forEach(line -> {
          String[] words = line.split(" ");
          Map<String, Character> options = new HashMap<>();
          for (int i = 5; i < words.length; i++) {
            int colon = words[i].indexOf(':');
            options.put(words[i].substring(0, colon), words[i].charAt(colon + 1));
          }
          operators.put(
              words[0],
              new Operator(
                  words[1],
                  Integer.parseInt(words[2]),
                  Integer.parseInt(words[3]),
                  Integer.parseInt(words[4]),
                  options));
        });
      } catch (IOException e) {
        throw new IllegalStateException("the jar of Likeness is damaged; download it again", e);
      }
      return operators;
    }
  }

  private final OnnxGraph graph;
  private final String source;
  private final double maxWork;
  private final long maxElements;
  private final Map<String, OnnxValue> values = new HashMap<>();
  private double work;

  OnnxShapes(OnnxGraph graph, String source, double maxWork, long maxElements) {
    this.graph = graph;
    this.source = source;
    this.maxWork = maxWork;
    this.maxElements = maxElements;
  }

  /** All values by name, for one square image. */
  Map<String, OnnxValue> values(int side) {
    List<Long> shape = graph.shape();
    long[] image = {1, 3, side, side};
    for (int i = 0; i < 4; i++) {
      OnnxGraph.require(
          side > 0
              && side <= MAX_SIDE
              && shape.size() == 4
              && (shape.get(i) < 1 || shape.get(i) == image[i]),
          source,
          "has the input shape " + shape + ", expected [1, 3, " + side + ", " + side + "]");
    }
    graph.constants().forEach((name, constant) -> values.put(name, OnnxValue.of(constant)));
    values.put(graph.image(), new OnnxValue(image, null, true, false));
    Map<String, Integer> lastUse = new HashMap<>();
    for (int i = 0; i < graph.nodes().size(); i++) {
      int at = i;
      graph.nodes().get(i).inputs().stream()
          .filter(name -> !name.isEmpty())
          .forEach(name -> lastUse.put(name, at));
    }
    long alive = total(image);
    for (int i = 0; i < graph.nodes().size(); i++) {
      Node node = graph.nodes().get(i);
      List<OnnxValue> results = run(node);
      for (int k = 0; k < results.size(); k++) {
        values.put(node.outputs().get(k), results.get(k));
        alive += results.get(k).elements();
      }
      check(
          node,
          alive <= maxElements && work <= maxWork,
          "needs more memory or computation than a network of this file size may need");
      for (String name : node.inputs()) {
        if (lastUse.getOrDefault(name, -1) == i
            && lastUse.remove(name) != null
            && !values.get(name).fixed()) {
          alive -= values.get(name).elements();
        }
      }
    }
    for (String name : graph.outputs()) {
      OnnxGraph.require(
          !values.get(name).fixed(), source, "has an output that does not depend on the input");
    }
    return values;
  }

  private void check(Node node, boolean condition, String fault) {
    if (!condition) {
      OnnxGraph.require(false, source + ": node " + node, fault);
    }
  }

  private List<OnnxValue> run(Node node) {
    Operator operator = OPERATORS.get(node.operation());
    boolean isQuantized = node.operation().matches("(?i).*quantize.*|QLinear.*|.*Integer");
    if (operator == null && isQuantized) {
      OnnxGraph.require(
          false, source + ": node " + node, "computes with quantised numbers", OnnxGraph.IN_F32);
    }
    check(node, operator != null, "is not a supported operation");
    List<OnnxValue> inputs = new ArrayList<>();
    node.inputs().forEach(name -> inputs.add(name.isEmpty() ? null : values.get(name)));
    check(
        node,
        inputs.size() >= operator.least()
            && inputs.size() <= operator.most()
            && inputs.subList(0, operator.least()).stream().noneMatch(one -> one == null)
            && node.outputs().size() <= operator.outputs(),
        "has a number of inputs (" + inputs.size() + ") or outputs ("
            + node.outputs().size() + ") that the operation does not allow");
    node.options()
        .forEach((name, option) -> check(
            node,
            operator.options().getOrDefault(name, ' ') == option.kind(),
            "has an attribute " + Quoted.of(name) + " that the operation does not accept"));
    Call call = new Call(node, inputs);
    List<OnnxValue> results = OnnxRules.apply(operator.rule(), call);
    check(node, results.size() >= node.outputs().size(), "has too many outputs");
    for (OnnxValue result : results) {
      check(
          node,
          (Arrays.stream(result.dims()).allMatch(dim -> dim > 0) || isEmptyConstant(node, result))
              && result.rank() <= 8
              && result.elements() <= maxElements,
          "has an output of the shape " + Arrays.toString(result.dims())
              + ", which is empty or too large");
      check(node, result.real() || result.fixed(), "converts values of the image to integers");
      work += 4.0 * result.elements();
    }
    return results.subList(0, node.outputs().size());
  }

  // PyTorch gives Resize its scales and its region as constants, one of which is empty.
  private static boolean isEmptyConstant(Node node, OnnxValue result) {
    return node.operation().equals("Constant") && result.rank() == 1 && result.fixed();
  }

  /** A node with its inputs, whose shapes are known. */
  final class Call {
    private final Node node;
    private final List<OnnxValue> inputs;

    private Call(Node node, List<OnnxValue> inputs) {
      this.node = node;
      this.inputs = inputs;
    }

    /** Fails with the fault of this node unless the condition holds. */
    void check(boolean condition, String fault) {
      OnnxShapes.this.check(node, condition, fault);
    }

    void check(boolean condition, String fault, String advice) {
      if (!condition) {
        OnnxGraph.require(false, source + ": node " + node, fault, advice);
      }
    }

    String operation() {
      return node.operation();
    }

    int outputs() {
      return node.outputs().size();
    }

    /** The inputs that are given. */
    List<OnnxValue> inputs() {
      return inputs.stream().filter(one -> one != null).toList();
    }

    /** An input; null if it is not given. */
    OnnxValue input(int i) {
      return i < inputs.size() ? inputs.get(i) : null;
    }

    boolean isFixed() {
      return inputs().stream().allMatch(OnnxValue::fixed);
    }

    /** Counts multiplications. */
    void addWork(double multiplications) {
      work += multiplications;
    }

    Option option(String name) {
      return node.options().get(name);
    }

    long number(String name, long fallback) {
      return option(name) == null ? fallback : (long) option(name).numbers()[0];
    }

    String text(String name, String fallback) {
      return option(name) == null ? fallback : option(name).text();
    }

    /** A list of whole numbers; null if it is not given. */
    long[] list(String name) {
      return option(name) == null ? null : longs(option(name).numbers());
    }

    /** The same of an option or else of an input. */
    long[] list(String name, int input) {
      return list(name) != null || input(input) == null ? list(name) : whole(input);
    }

    /** The whole numbers of an input, which may not depend on the image. */
    long[] whole(int i) {
      OnnxValue value = input(i);
      check(
          value != null && value.fixed() && value.known() != null && !value.real(),
          "needs constant integers as input " + i);
      return longs(value.known());
    }

    /** An axis of a value of {@code rank} dimensions, from 0. */
    int axis(long axis, int rank) {
      check(
          axis >= -rank && axis < rank,
          "has the axis " + axis + ", which does not fit " + rank + " dimensions");
      return (int) (axis < 0 ? axis + rank : axis);
    }

    /** Axes, each of them once. */
    boolean[] axes(long[] axes, int rank) {
      boolean[] set = new boolean[rank];
      for (long axis : axes) {
        int one = axis(axis, rank);
        check(!set[one], "has the axis " + axis + " twice");
        set[one] = true;
      }
      return set;
    }

    /** A result of that shape. */
    List<OnnxValue> result(long... dims) {
      return List.of(new OnnxValue(dims, null, input(0).real(), isFixed()));
    }

    /** A result of that shape and those elements. */
    List<OnnxValue> result(long[] dims, double[] known) {
      return List.of(new OnnxValue(dims, isFixed() ? known : null, input(0).real(), isFixed()));
    }

    private static long[] longs(double[] numbers) {
      return Arrays.stream(numbers).mapToLong(n -> (long) n).toArray();
    }
  }
}
