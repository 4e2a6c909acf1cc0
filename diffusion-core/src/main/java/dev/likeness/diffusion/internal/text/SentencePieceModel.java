package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The content of a {@code spiece.model}, SentencePiece's protocol buffer: the pieces with their
 * scores, and the normaliser's table. Source: {@code sentencepiece_model.proto} of
 * google/sentencepiece.
 *
 * @param pieces in the order of their ids
 * @param normalizer the precompiled character map; empty if there is none
 */
record SentencePieceModel(List<Piece> pieces, byte[] normalizer) {
  private static final long LARGEST_FILE = 64L << 20;
  private static final int PIECE = 1;
  private static final int NORMALIZER_SPEC = 3;
  private static final int TEXT = 1;
  private static final int SCORE = 2;
  private static final int CHARACTER_MAP = 2;

  /** A piece of text and the logarithm of its probability. */
  record Piece(String text, double score) {}

  /** One field of a message: its number, and its bytes when it has a length. */
  private record Field(int number, ByteBuffer bytes, float real) {}

  /**
   * Reads a file.
   *
   * @throws InvalidInputException if it is not such a file; the message says at which byte
   */
  static SentencePieceModel read(Path file) {
    try {
      if (Files.size(file) > LARGEST_FILE) {
        throw new InvalidInputException(file + " has " + Files.size(file)
            + " bytes; a tokenizer's file has at most " + LARGEST_FILE);
      }
      return parse(ByteBuffer.wrap(UninterruptibleIo.read(file, Files::readAllBytes)), file);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  private static SentencePieceModel parse(ByteBuffer file, Path name) {
    List<Piece> pieces = new ArrayList<>();
    byte[] normalizer = {};
    for (Field field : fields(file, name)) {
      if (field.number() == PIECE) {
        pieces.add(piece(field, name));
      } else if (field.number() == NORMALIZER_SPEC) {
        normalizer = characterMap(field, name);
      }
    }
    if (pieces.isEmpty()) {
      throw new InvalidInputException(
          name + " has no pieces; expected a SentencePiece model (spiece.model)");
    }
    return new SentencePieceModel(pieces, normalizer);
  }

  private static Piece piece(Field message, Path name) {
    String text = "";
    double score = 0;
    for (Field field : fields(message.bytes(), name)) {
      if (field.number() == TEXT && field.bytes() != null) {
        text = StandardCharsets.UTF_8.decode(field.bytes()).toString();
      } else if (field.number() == SCORE) {
        score = field.real();
      }
    }
    return new Piece(text, score);
  }

  private static byte[] characterMap(Field message, Path name) {
    byte[] map = {};
    for (Field field : fields(message.bytes(), name)) {
      if (field.number() == CHARACTER_MAP && field.bytes() != null) {
        map = new byte[field.bytes().remaining()];
        field.bytes().get(map);
      }
    }
    return map;
  }

  private static List<Field> fields(ByteBuffer message, Path name) {
    List<Field> fields = new ArrayList<>();
    if (message == null) {
      throw damaged(name, 0);
    }
    ByteBuffer in = message.slice().order(ByteOrder.LITTLE_ENDIAN);
    while (in.hasRemaining()) {
      long key = varint(in, name);
      int number = (int) (key >>> 3);
      switch ((int) (key & 7)) {
        case 0 -> varint(in, name);
        case 1 -> skip(in, Double.BYTES, name);
        case 2 -> fields.add(new Field(number, skip(in, varint(in, name), name), 0));
        case 5 -> fields.add(new Field(number, null, skip(in, Float.BYTES, name).getFloat()));
        default -> throw damaged(name, in.position());
      }
    }
    return fields;
  }

  private static ByteBuffer skip(ByteBuffer in, long count, Path name) {
    if (count < 0 || count > in.remaining()) {
      throw damaged(name, in.position());
    }
    ByteBuffer skipped = in.slice(in.position(), (int) count).order(ByteOrder.LITTLE_ENDIAN);
    in.position(in.position() + (int) count);
    return skipped;
  }

  private static long varint(ByteBuffer in, Path name) {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE && in.hasRemaining(); shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw damaged(name, in.position());
  }

  private static InvalidInputException damaged(Path name, int at) {
    return new InvalidInputException(
        name + " is not a SentencePiece model: its fields end wrongly at byte " + at
            + "; download it again");
  }
}
