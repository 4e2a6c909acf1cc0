package dev.likeness.photos.internal.onnx;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** A message of protobuf in the making, and the messages of onnx.proto that tests need. */
public final class Proto {
  public static final int FLOAT = 1;
  public static final int INT64 = 7;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** A file of opset 13 with a graph from the image x (1 x 3 x side x side) to y. */
  public static byte[] file(long side, Proto... fieldsOfGraph) {
    return model(graph(side, fieldsOfGraph));
  }

  public static byte[] model(Proto graph) {
    return model(graph, 13);
  }

  /** A file of an opset. */
  public static byte[] model(Proto graph, long opset) {
    return new Proto()
        .number(1, 8)
        .message(7, graph)
        .message(8, new Proto().text(1, "").number(2, opset))
        .bytes();
  }

  public static Proto graph(long side, Proto... fields) {
    Proto graph = new Proto().text(2, "g");
    for (Proto field : fields) {
      graph.out.writeBytes(field.bytes());
    }
    return graph
        .message(11, value("x", FLOAT, 1, 3, side, side))
        .message(12, value("y", FLOAT, 1, 8));
  }

  /**
   * The field of a graph that holds a node; inputs and outputs are separated by blanks, no input is
   * "".
   */
  public static Proto node(String operation, String inputs, String outputs, Proto... options) {
    Proto node = new Proto();
    if (!inputs.isEmpty()) {
      for (String name : inputs.split(" ", -1)) {
        node.text(1, name);
      }
    }
    for (String name : outputs.split(" ")) {
      node.text(2, name);
    }
    // Names of nodes are unique.
    node.text(3, operation + (outputs.equals("y") ? "0" : outputs)).text(4, operation);
    for (Proto option : options) {
      node.message(5, option);
    }
    return new Proto().message(1, node);
  }

  public static Proto ints(String name, long... values) {
    Proto option = new Proto().text(1, name);
    for (long value : values) {
      option.number(8, value);
    }
    return option.number(20, 7);
  }

  public static Proto number(String name, long value) {
    return new Proto().text(1, name).number(3, value).number(20, 2);
  }

  public static Proto word(String name, String value) {
    return new Proto().text(1, name).text(4, value).number(20, 3);
  }

  public static Proto tensor(String name, int type, byte[] raw, long... dims) {
    Proto tensor = new Proto();
    for (long dim : dims) {
      tensor.number(1, dim);
    }
    return tensor.number(2, type).text(8, name).bytes(9, raw);
  }

  /** The field of a graph that holds an initialiser. */
  public static Proto initializer(Proto tensor) {
    return new Proto().message(5, tensor);
  }

  public static Proto zeros(String name, long... dims) {
    long total = 1;
    for (long dim : dims) {
      total *= dim;
    }
    return initializer(tensor(name, FLOAT, new byte[(int) total * Float.BYTES], dims));
  }

  public static Proto whole(String name, long... values) {
    ByteBuffer raw = ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      raw.putLong(value);
    }
    return initializer(tensor(name, INT64, raw.array(), values.length));
  }

  public static Proto reals(String name, float... values) {
    ByteBuffer raw =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      raw.putFloat(value);
    }
    return initializer(tensor(name, FLOAT, raw.array(), values.length));
  }

  /** An input or output; a dimension of -1 is left open, under a name. */
  public static Proto value(String name, int type, long... dims) {
    Proto shape = new Proto();
    for (long dim : dims) {
      shape.message(1, dim == -1 ? new Proto().text(2, "any") : new Proto().number(1, dim));
    }
    return new Proto()
        .text(1, name)
        .message(2, new Proto().message(1, new Proto().number(1, type).message(2, shape)));
  }

  public Proto text(int field, String text) {
    return bytes(field, text.getBytes(StandardCharsets.UTF_8));
  }

  public Proto message(int field, Proto message) {
    return bytes(field, message.bytes());
  }

  public Proto bytes(int field, byte[] bytes) {
    varint(field << 3 | 2);
    varint(bytes.length);
    out.writeBytes(bytes);
    return this;
  }

  /** A field of four bytes. */
  public Proto fixed32(int field, byte[] four) {
    varint(field << 3 | 5);
    out.writeBytes(four);
    return this;
  }

  /** Appends the fields of another message. */
  public Proto append(Proto other) {
    out.writeBytes(other.bytes());
    return this;
  }

  public Proto number(int field, long value) {
    varint(field << 3);
    varint(value);
    return this;
  }

  public byte[] bytes() {
    return out.toByteArray();
  }

  private void varint(long value) {
    for (long rest = value; ; rest >>>= 7) {
      if (rest >>> 7 == 0) {
        out.write((int) rest);
        return;
      }
      out.write((int) (rest & 127 | 128));
    }
  }
}
