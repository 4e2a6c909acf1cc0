package dev.likeness.provenance.c2pa;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A JUMBF superbox (ISO/IEC 19566-5): a labelled box that contains other boxes, or content.
 *
 * @param kind the first four letters of its type, such as {@code c2ma} for a manifest
 * @param label its name, unique in the box around it
 * @param boxes the superboxes in it
 * @param contents the payloads of its other boxes, in order
 * @param payload all bytes after its header; C2PA hashes these
 */
record JumbfBox(
    String kind, String label, List<JumbfBox> boxes, List<byte[]> contents, byte[] payload) {
  static final String STORE = "c2pa";
  static final String MANIFEST = "c2ma";
  static final String STANDARD_MANIFEST = "c2md";
  static final String UPDATE_MANIFEST = "c2um";
  static final String COMPRESSED_MANIFEST = "c2cm";
  static final String ASSERTIONS = "c2as";
  static final String CLAIM = "c2cl";
  static final String SIGNATURE = "c2cs";
  static final String CBOR = "cbor";

  private static final byte[] TYPE_TAIL = {
    0, 0x11, 0, 0x10, (byte) 0x80, 0, 0, (byte) 0xaa, 0, 0x38, (byte) 0x9b, 0x71
  };
  private static final int REQUESTABLE_WITH_LABEL = 3;
  private static final int MAX_DEPTH = 8;
  private static final int HEADER = 8;

  /** Parses a manifest store. */
  static JumbfBox parse(byte[] bytes) throws MalformedManifest {
    List<JumbfBox> boxes = new ArrayList<>();
    children(ByteBuffer.wrap(bytes), boxes, new ArrayList<>(), 0);
    if (boxes.isEmpty() || !boxes.get(0).kind.equals(STORE)) {
      throw new MalformedManifest(
          "the manifest store does not begin with a JUMBF box of type c2pa");
    }
    return boxes.get(0);
  }

  private static JumbfBox superbox(ByteBuffer payload, int depth) throws MalformedManifest {
    byte[] whole = new byte[payload.remaining()];
    payload.duplicate().get(whole);
    ByteBuffer description = next(payload, "jumd");
    if (description == null || description.remaining() < 18) {
      throw new MalformedManifest("a JUMBF box without a description");
    }
    byte[] type = new byte[4];
    description.get(type).position(description.position() + TYPE_TAIL.length + 1);
    ByteArrayOutputStream label = new ByteArrayOutputStream();
    for (byte b; description.hasRemaining() && (b = description.get()) != 0; ) {
      label.write(b);
    }
    List<JumbfBox> boxes = new ArrayList<>();
    List<byte[]> contents = new ArrayList<>();
    children(payload, boxes, contents, depth + 1);
    return new JumbfBox(
        new String(type, StandardCharsets.ISO_8859_1),
        label.toString(StandardCharsets.UTF_8),
        boxes,
        contents,
        whole);
  }

  private static void children(
      ByteBuffer in, List<JumbfBox> boxes, List<byte[]> contents, int depth)
      throws MalformedManifest {
    if (depth > MAX_DEPTH) {
      throw new MalformedManifest("JUMBF boxes nested deeper than " + MAX_DEPTH);
    }
    while (in.remaining() >= HEADER) {
      boolean nested = typeOf(in).equals("jumb");
      ByteBuffer content = next(in, null);
      if (nested) {
        boxes.add(superbox(content, depth));
      } else {
        byte[] copy = new byte[content.remaining()];
        content.get(copy);
        contents.add(copy);
      }
    }
  }

  /** Returns the payload of the next box; null if it is not of {@code type}. */
  private static ByteBuffer next(ByteBuffer in, String type) throws MalformedManifest {
    if (in.remaining() < HEADER || type != null && !typeOf(in).equals(type)) {
      return null;
    }
    long length = in.getInt(in.position()) & 0xffffffffL;
    length = length == 0 ? in.remaining() : length;
    if (length < HEADER || length > in.remaining()) {
      throw new MalformedManifest(
          "a JUMBF box of " + length + " bytes where " + in.remaining() + " are left");
    }
    ByteBuffer content = in.slice(in.position() + HEADER, (int) length - HEADER);
    in.position(in.position() + (int) length);
    return content;
  }

  private static String typeOf(ByteBuffer in) {
    byte[] type = new byte[4];
    in.get(in.position() + 4, type);
    return new String(type, StandardCharsets.ISO_8859_1);
  }

  /** Returns the inner superbox with a label; empty if there is none. */
  Optional<JumbfBox> findBox(String name) {
    return boxes.stream().filter(box -> box.label.equals(name)).findFirst();
  }

  /** Returns the first content. */
  byte[] content() throws MalformedManifest {
    if (contents.isEmpty()) {
      throw new MalformedManifest("the JUMBF box " + label + " is empty");
    }
    return contents.get(0);
  }

  /** Makes a superbox of other superboxes. */
  static JumbfBox of(String kind, String label, List<JumbfBox> boxes) {
    ByteArrayOutputStream payload = description(kind, label);
    boxes.forEach(box -> payload.writeBytes(box.toBytes()));
    return new JumbfBox(kind, label, boxes, List.of(), payload.toByteArray());
  }

  /** Makes a superbox of one CBOR content. */
  static JumbfBox of(String kind, String label, byte[] cbor) {
    ByteArrayOutputStream payload = description(kind, label);
    payload.writeBytes(encodeBox(CBOR, cbor));
    return new JumbfBox(kind, label, List.of(), List.of(cbor), payload.toByteArray());
  }

  private static ByteArrayOutputStream description(String kind, String label) {
    ByteArrayOutputStream description = new ByteArrayOutputStream();
    description.writeBytes(kind.getBytes(StandardCharsets.ISO_8859_1));
    description.writeBytes(TYPE_TAIL);
    description.write(REQUESTABLE_WITH_LABEL);
    description.writeBytes((label + "\0").getBytes(StandardCharsets.UTF_8));
    ByteArrayOutputStream payload = new ByteArrayOutputStream();
    payload.writeBytes(encodeBox("jumd", description.toByteArray()));
    return payload;
  }

  /** Returns the bytes of the box, with its header. */
  byte[] toBytes() {
    return encodeBox("jumb", payload);
  }

  private static byte[] encodeBox(String type, byte[] payload) {
    return ByteBuffer.allocate(HEADER + payload.length)
        .putInt(HEADER + payload.length)
        .put(type.getBytes(StandardCharsets.ISO_8859_1))
        .put(payload)
        .array();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof JumbfBox box && Arrays.equals(payload, box.payload);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(payload);
  }

  /** Thrown for a manifest that cannot be parsed; the message gives the reason. */
  static final class MalformedManifest extends IOException {
    MalformedManifest(String message) {
      super(message);
    }

    MalformedManifest(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
