package dev.likeness.provenance.c2pa;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A JUMBF superbox (ISO/IEC 19566-5): a labelled box that holds others, or content. A box that is
 * read shares the bytes of its store.
 *
 * @param kind the first four letters of its type, such as {@code c2ma} for a manifest; the whole
 *     type in hexadecimal digits if it is none of C2PA's kind
 * @param label its name among its neighbours
 * @param isPlain whether its description holds nothing but type and label
 * @param boxes the superboxes in it
 * @param contents its other boxes, in order
 * @param payload everything behind its header, which is what C2PA hashes; not to be changed
 */
record JumbfBox(
    String kind,
    String label,
    boolean isPlain,
    List<JumbfBox> boxes,
    List<Content> contents,
    ByteBuffer payload) {
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
  private static final int TYPE_BYTES = 16;
  private static final int REQUESTABLE_WITH_LABEL = 3;
  private static final int HEADER = 8;
  private static final int MAX_BYTES = 64 << 20;
  private static final int MAX_LABEL = 256;

  /**
   * A box in a superbox that is none itself.
   *
   * @param type four letters, such as {@code cbor}
   * @param bytes what it holds; not to be changed
   */
  record Content(String type, ByteBuffer bytes) {
    byte[] toBytes() {
      byte[] copy = new byte[bytes.remaining()];
      bytes.duplicate().get(copy);
      return copy;
    }
  }

  /**
   * The manifest store in {@code bytes}, which hold nothing else and must not be changed
   * afterwards.
   */
  static JumbfBox parse(byte[] bytes) throws MalformedManifest {
    if (bytes.length > MAX_BYTES) {
      throw new MalformedManifest(
          "the manifest store has " + bytes.length + " bytes, more than " + MAX_BYTES);
    }
    List<JumbfBox> boxes = new ArrayList<>();
    List<Content> others = new ArrayList<>();
    new Parser().children(ByteBuffer.wrap(bytes), boxes, others, 0);
    if (boxes.size() != 1 || !others.isEmpty() || !boxes.get(0).is(STORE, STORE)) {
      throw new MalformedManifest("the manifest store is not one JUMBF box of type c2pa");
    }
    return boxes.get(0);
  }

  /** Whether it is of this kind and label and its description holds nothing else. */
  boolean is(String otherKind, String otherLabel) {
    return isPlain && kind.equals(otherKind) && label.equals(otherLabel);
  }

  /** The content of an assertion. */
  byte[] content() throws MalformedManifest {
    if (contents.isEmpty()) {
      throw new MalformedManifest("a JUMBF box without content");
    }
    return contents.get(0).toBytes();
  }

  /** The content of a box that holds one box of CBOR and nothing else. */
  byte[] onlyCbor() throws MalformedManifest {
    if (!boxes.isEmpty() || contents.size() != 1 || !contents.get(0).type().equals(CBOR)) {
      throw new MalformedManifest("a claim or signature that is not one box of CBOR");
    }
    return content();
  }

  /** A superbox of others. */
  static JumbfBox of(String kind, String label, List<JumbfBox> boxes) {
    ByteArrayOutputStream payload = description(kind, label);
    boxes.forEach(box -> payload.writeBytes(box.toBytes()));
    ByteBuffer whole = ByteBuffer.wrap(payload.toByteArray());
    return new JumbfBox(kind, label, true, boxes, List.of(), whole);
  }

  /** A superbox of one CBOR content. */
  static JumbfBox of(String kind, String label, byte[] cbor) {
    ByteArrayOutputStream payload = description(kind, label);
    payload.writeBytes(encodeBox(CBOR, cbor));
    List<Content> contents = List.of(new Content(CBOR, ByteBuffer.wrap(cbor)));
    ByteBuffer whole = ByteBuffer.wrap(payload.toByteArray());
    return new JumbfBox(kind, label, true, List.of(), contents, whole);
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

  /** The box with its header. */
  byte[] toBytes() {
    return encodeBox("jumb", payloadBytes());
  }

  /** A copy of everything behind its header. */
  byte[] payloadBytes() {
    return new Content("jumb", payload).toBytes();
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
    return other instanceof JumbfBox box && payload.equals(box.payload);
  }

  @Override
  public int hashCode() {
    return payload.hashCode();
  }

  /** Reads the boxes of one store, and counts them. Every byte belongs to a box. */
  private static final class Parser {
    private static final int MAX_DEPTH = 8;
    private static final int MAX_BOXES = 10_000;

    private int boxCount;

    private void children(ByteBuffer in, List<JumbfBox> boxes, List<Content> contents, int depth)
        throws MalformedManifest {
      if (depth > MAX_DEPTH) {
        throw new MalformedManifest("JUMBF boxes nested deeper than " + MAX_DEPTH);
      }
      while (in.hasRemaining()) {
        Content box = next(in);
        if (box.type().equals("jumb")) {
          boxes.add(superbox(box.bytes(), depth));
        } else {
          contents.add(box);
        }
      }
    }

    private JumbfBox superbox(ByteBuffer payload, int depth) throws MalformedManifest {
      ByteBuffer in = payload.duplicate();
      Content description = next(in);
      if (!description.type().equals("jumd") || description.bytes().remaining() <= TYPE_BYTES + 1) {
        throw new MalformedManifest("a JUMBF box without a description");
      }
      ByteBuffer text = description.bytes().duplicate();
      byte[] type = new byte[TYPE_BYTES];
      text.get(type);
      int toggles = text.get();
      String label = label(text);
      List<JumbfBox> boxes = new ArrayList<>();
      List<Content> contents = new ArrayList<>();
      children(in, boxes, contents, depth + 1);
      boolean plain = toggles == REQUESTABLE_WITH_LABEL && !text.hasRemaining();
      return new JumbfBox(kind(type), label, plain, boxes, contents, payload);
    }

    private static String kind(byte[] type) {
      ByteBuffer tail = ByteBuffer.wrap(type, TYPE_BYTES - TYPE_TAIL.length, TYPE_TAIL.length);
      return tail.equals(ByteBuffer.wrap(TYPE_TAIL))
          ? new String(type, 0, TYPE_BYTES - TYPE_TAIL.length, StandardCharsets.ISO_8859_1)
          : HexFormat.of().formatHex(type);
    }

    // JUMBF forbids control characters and separators of addresses in labels.
    private static String label(ByteBuffer description) throws MalformedManifest {
      int start = description.position();
      int end = start;
      while (end < description.limit() && description.get(end) != 0) {
        end++;
      }
      if (end == description.limit() || end - start > MAX_LABEL) {
        throw new MalformedManifest(
            "a JUMBF label without an end, or of more than " + MAX_LABEL + " bytes");
      }
      ByteBuffer bytes = description.slice(start, end - start);
      description.position(end + 1);
      try {
        String label = StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        if (label.chars().anyMatch(c -> Character.isISOControl(c) || "/;?#".indexOf(c) >= 0)) {
          throw new MalformedManifest("a JUMBF label with characters that JUMBF forbids");
        }
        return label;
      } catch (CharacterCodingException e) {
        throw new MalformedManifest("a JUMBF label that is no UTF-8", e);
      }
    }

    private Content next(ByteBuffer in) throws MalformedManifest {
      boxCount++;
      if (boxCount > MAX_BOXES) {
        throw new MalformedManifest("more than " + MAX_BOXES + " JUMBF boxes");
      }
      long length = in.remaining() < HEADER ? 0 : in.getInt(in.position()) & 0xffffffffL;
      if (length < HEADER || length > in.remaining()) {
        throw new MalformedManifest(
            "a JUMBF box of " + length + " bytes where " + in.remaining() + " are left");
      }
      byte[] type = new byte[4];
      in.get(in.position() + 4, type);
      ByteBuffer content = in.slice(in.position() + HEADER, (int) length - HEADER);
      in.position(in.position() + (int) length);
      return new Content(new String(type, StandardCharsets.ISO_8859_1), content);
    }
  }

  /** A manifest that cannot be read at all; its message says why. */
  static final class MalformedManifest extends IOException {
    MalformedManifest(String message) {
      super(message);
    }

    MalformedManifest(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
