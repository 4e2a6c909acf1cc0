package dev.likeness.photos.internal.onnx;

import dev.likeness.photos.internal.onnx.OnnxFile.Message;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A checked model in the form that OpenCV computes: f32 numbers, operations that it knows, and an
 * image of a fixed size. A message is a list of pieces, so that weights are copied once only.
 */
final class OnnxForOpenCv {
  /** An operation that OpenCV does not know. */
  static final String NORMALIZATION = "LpNormalization";

  private static final int NODE = 1;
  private static final int TENSOR_TYPE = 2;
  private static final int RAW = 9;

  private final String image;
  private final int side;

  private OnnxForOpenCv(String image, int side) {
    this.image = image;
    this.side = side;
  }

  /** Returns the bytes of the model; {@code image} names its input. */
  static byte[] of(Message model, String image, int side) {
    OnnxForOpenCv writer = new OnnxForOpenCv(image, side);
    List<Message> pieces = edited(model, Set.of(), Map.of(7, writer::graph));
    return joined(pieces).bytes();
  }

  // The declared shapes of inner values (13) may be those of another size.
  private List<Message> graph(Message graph) {
    List<Message> out = new ArrayList<>();
    for (Message node : graph.messages(NODE)) {
      divided(node).forEach(one -> out.addAll(field(NODE, node(one))));
    }
    out.addAll(edited(
        graph,
        Set.of(NODE, 13),
        Map.of(
            5,
            OnnxForOpenCv::tensor,
            11,
            input -> value(input, input.text(1).equals(image)),
            12,
            output -> value(output, false))));
    return out;
  }

  /** Returns a node, or nodes that OpenCV knows and that compute the same. */
  private static List<Message> divided(Message node) {
    if (!node.text(4).equals(NORMALIZATION)) {
      return List.of(node);
    }
    long axis = -1;
    long norm = 2;
    for (Message option : node.messages(5)) {
      axis = option.text(1).equals("axis") ? option.number(3, axis) : axis;
      norm = option.text(1).equals("p") ? option.number(3, norm) : norm;
    }
    String in = node.texts(1).get(0);
    String out = node.texts(2).get(0);
    String length = out + "_length";
    Message axes = message(text(1, "axes"), List.of(number(8, axis)), List.of(number(20, 7)));
    Message reduction = message(
        text(1, in),
        text(2, length),
        text(3, length),
        text(4, "ReduceL" + norm),
        field(5, List.of(axes)));
    Message division =
        message(text(1, in), text(1, length), text(2, out), text(3, out), text(4, "Div"));
    return List.of(reduction, division);
  }

  private static List<Message> node(Message node) {
    boolean isCast = node.text(4).equals("Cast");
    return edited(
        node,
        Set.of(),
        Map.of(
            5,
            option -> isCast && option.text(1).equals("to") && option.number(3, 0) == OnnxGraph.HALF
                ? with(edited(option, Set.of(3), Map.of()), number(3, OnnxGraph.FLOAT))
                : edited(option, Set.of(), Map.of(5, OnnxForOpenCv::tensor))));
  }

  private static List<Message> tensor(Message tensor) {
    if (tensor.number(TENSOR_TYPE, 0) != OnnxGraph.HALF) {
      return List.of(tensor);
    }
    double[] values = OnnxGraph.Constant.halves(tensor).toArray();
    ByteBuffer raw =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : values) {
      raw.putFloat((float) value);
    }
    List<Message> out = edited(tensor, Set.of(TENSOR_TYPE, 5, RAW), Map.of());
    out.add(number(TENSOR_TYPE, OnnxGraph.FLOAT));
    out.addAll(field(RAW, List.of(piece(raw.array()))));
    return out;
  }

  /** The type of an input or output. */
  private List<Message> value(Message value, boolean isImage) {
    return edited(
        value,
        Set.of(),
        Map.of(
            2,
            type -> edited(type, Set.of(), Map.of(1, of -> {
              boolean isHalf = of.number(1, 0) == OnnxGraph.HALF;
              Set<Integer> dropped = isImage ? Set.of(1, 2) : isHalf ? Set.of(1) : Set.of();
              List<Message> out = edited(of, dropped, Map.of());
              if (isImage || isHalf) {
                out.add(number(1, OnnxGraph.FLOAT));
              }
              if (isImage) {
                List<Message> dims = new ArrayList<>();
                for (int dim : new int[] {1, 3, side, side}) {
                  dims.addAll(field(1, List.of(number(1, dim))));
                }
                out.addAll(field(2, dims));
              }
              return out;
            }))));
  }

  /** Copies a message without some of its fields, and with new content of others. */
  private static List<Message> edited(
      Message in, Set<Integer> dropped, Map<Integer, Function<Message, List<Message>>> edits) {
    List<Message> out = new ArrayList<>();
    for (Message.Field one : in.fields()) {
      Function<Message, List<Message>> edit = edits.get(one.number());
      if (edit != null) {
        Message content = new Message(in.bytes(), one.from(), one.to());
        out.addAll(field(one.number(), edit.apply(content)));
      } else if (!dropped.contains(one.number())) {
        out.add(new Message(in.bytes(), one.start(), one.to()));
      }
    }
    return out;
  }

  private static List<Message> with(List<Message> pieces, Message last) {
    pieces.add(last);
    return pieces;
  }

  /** A field that has a length. */
  private static List<Message> field(int number, List<Message> content) {
    ByteArrayOutputStream tag = new ByteArrayOutputStream();
    varint(tag, number << 3 | 2);
    varint(tag, length(content));
    List<Message> out = new ArrayList<>();
    out.add(piece(tag.toByteArray()));
    out.addAll(content);
    return out;
  }

  private static Message number(int field, long value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    varint(out, field << 3);
    varint(out, value);
    return piece(out.toByteArray());
  }

  private static List<Message> text(int field, String text) {
    return field(field, List.of(piece(text.getBytes(StandardCharsets.UTF_8))));
  }

  /** One message of some fields. */
  @SafeVarargs
  private static Message message(List<Message>... fields) {
    return joined(Stream.of(fields).flatMap(List::stream).toList());
  }

  private static Message joined(List<Message> pieces) {
    ByteBuffer out = ByteBuffer.allocate(length(pieces));
    pieces.forEach(piece -> out.put(piece.bytes(), piece.from(), piece.to() - piece.from()));
    return piece(out.array());
  }

  private static Message piece(byte[] bytes) {
    return new Message(bytes, 0, bytes.length);
  }

  private static int length(List<Message> pieces) {
    return Math.toIntExact(
        pieces.stream().mapToLong(piece -> piece.to() - piece.from()).sum());
  }

  private static void varint(ByteArrayOutputStream out, long value) {
    long rest = value;
    for (; rest >>> 7 != 0; rest >>>= 7) {
      out.write((int) (rest & 127 | 128));
    }
    out.write((int) rest);
  }
}
