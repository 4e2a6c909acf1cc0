package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The content of a {@code spiece.model}, SentencePiece's protocol buffer: the pieces with their
 * scores, and the normaliser's table. Source: {@code sentencepiece_model.proto} of
 * google/sentencepiece.
 *
 * @param pieces in the order of their ids
 * @param normalizer the precompiled character map; empty if there is none
 */
record SentencePieceModel(List<Piece> pieces, byte[] normalizer) {
  private static final int PIECE = 1;
  private static final int NORMALIZER_SPEC = 3;
  private static final int TEXT = 1;
  private static final int SCORE = 2;
  private static final int CHARACTER_MAP = 2;
  // T5 has 32,100 pieces of 7 bytes on average; the native trie takes 250 bytes for one of these.
  private static final int MOST_PIECES = 1 << 20;
  private static final int LONGEST_PIECE = 256;
  private static final int MOST_BYTES = 2 << 20;
  private static final double LARGEST_SCORE = 1e6;

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
    return parse(ByteBuffer.wrap(ModelFile.read(file, ModelFile.LARGEST_TOKENIZER)), file);
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
      if (fields.size() > MOST_PIECES) {
        throw damaged(name, in.position());
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
    return new InvalidInputException(name + " is not a SentencePiece model: invalid field at byte "
        + at + "; download it again, or give another file");
  }

  /**
   * Checks pieces before the native tokenizer builds its tables of them: each has a text of its own
   * and a finite score, and together they are no larger than a vocabulary.
   */
  static void check(List<Piece> pieces, String source) {
    Set<String> texts = new HashSet<>();
    long bytes = 0;
    for (int i = 0; i < pieces.size(); i++) {
      Piece piece = pieces.get(i);
      String text = piece.text();
      String fault = null;
      if (text.isEmpty() || text.length() > LONGEST_PIECE) {
        fault = "has " + text.length() + " characters, expected 1 to " + LONGEST_PIECE;
      } else if (!texts.add(text)) {
        fault = "occurs twice";
      } else if (!(Math.abs(piece.score()) <= LARGEST_SCORE)) {
        fault = "has the score " + piece.score() + ", expected -1e6 to 1e6";
      }
      if (fault != null) {
        throw new InvalidInputException(source + ": piece " + i + " " + Quoted.of(text) + " "
            + fault + "; use the tokenizer's files that were published with the model");
      }
      bytes += text.getBytes(StandardCharsets.UTF_8).length;
    }
    if (pieces.size() > MOST_PIECES || bytes > MOST_BYTES) {
      throw new InvalidInputException(source + " has " + pieces.size() + " pieces with a total of "
          + bytes + " bytes, more than the tokenizer of any T5 has; give T5's tokenizer");
    }
  }

  /**
   * A precompiled character map: the size of a trie, the trie, and the replacements, each ended by
   * a zero. The trie is a double array: a text's bytes lead from unit to unit. The native tokenizer
   * follows it without checks, so every unit that any text can reach is checked here.
   *
   * <p>Source: {@code spm_precompiled} of huggingface/spm_precompiled {@code src/lib.rs};
   * {@code DoubleArrayUnit} of s-yata/darts-clone.
   *
   * @param source what errors call the file
   */
  record CharacterMap(String source, byte[] map) {
    private static final int LARGEST = 8 << 20;
    private static final int LONGEST_REPLACEMENT = 256;
    private static final int LABEL = 0x800000FF;

    /**
     * The map in base 64, checked.
     *
     * @throws InvalidInputException if it is damaged
     */
    static CharacterMap of(String source, String base64) {
      try {
        CharacterMap map = new CharacterMap(source, Base64.getDecoder().decode(base64));
        map.check();
        return map;
      } catch (IllegalArgumentException e) {
        throw new InvalidInputException(
            source
                + ": the normalizer's precompiled_charsmap is not base 64; use the tokenizer's"
                + " files that were published with the model",
            e);
      }
    }

    /** Checks the map. */
    void check() {
      ByteBuffer in = ByteBuffer.wrap(map).order(ByteOrder.LITTLE_ENDIAN);
      int size = map.length < Integer.BYTES ? 0 : in.getInt();
      require(map.length <= LARGEST && size >= Integer.BYTES && size % Integer.BYTES == 0);
      require(size <= in.remaining());
      // Every node asks for all 255 labels: an array answers faster than a buffer does.
      int[] units = new int[size / Integer.BYTES];
      in.slice(in.position(), size).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(units);
      byte[] texts = Arrays.copyOfRange(map, Integer.BYTES + size, map.length);
      requireUtf8(texts);
      BitSet seen = new BitSet(units.length);
      Deque<Integer> open = new ArrayDeque<>();
      visit(offset(units[0]), units, seen, open);
      while (!open.isEmpty()) {
        int node = open.pop();
        for (int label = 1; label < 256; label++) {
          int unit = units[node ^ label];
          if ((unit & LABEL) == label) {
            int next = node ^ label ^ offset(unit);
            visit(next, units, seen, open);
            if ((unit >>> 8 & 1) == 1) {
              checkText(units[next] & Integer.MAX_VALUE, texts);
            }
          }
        }
      }
    }

    /**
     * Whether the map replaces no part of a text. The map must be {@linkplain #check() checked}.
     */
    boolean keeps(String text) {
      ByteBuffer in = ByteBuffer.wrap(map).order(ByteOrder.LITTLE_ENDIAN);
      IntBuffer units =
          in.slice(Integer.BYTES, in.getInt(0)).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      for (int start = 0; start < bytes.length; start++) {
        int node = offset(units.get(0));
        for (int i = start; i < bytes.length && bytes[i] != 0; i++) {
          node ^= bytes[i] & 255;
          int unit = units.get(node);
          if ((unit & LABEL) != (bytes[i] & 255)) {
            break;
          }
          node ^= offset(unit);
          if ((unit >>> 8 & 1) == 1) {
            return false;
          }
        }
      }
      return true;
    }

    // A text may go on with any byte, which is looked for in the node's block of 256.
    private void visit(int node, int[] units, BitSet seen, Deque<Integer> open) {
      require((node | 255) < units.length);
      if (!seen.get(node)) {
        seen.set(node);
        open.push(node);
      }
    }

    private void checkText(int from, byte[] texts) {
      require(from <= texts.length && (from == texts.length || (texts[from] & 0xC0) != 0x80));
      int to = from;
      while (to < texts.length && texts[to] != 0) {
        to++;
        require(to - from <= LONGEST_REPLACEMENT);
      }
    }

    private void requireUtf8(byte[] texts) {
      try {
        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(texts));
      } catch (CharacterCodingException e) {
        require(false);
      }
    }

    private static int offset(int unit) {
      return unit >>> 10 << ((unit & 1 << 9) >>> 6);
    }

    private void require(boolean condition) {
      if (!condition) {
        throw new InvalidInputException(source
            + ": the normalizer's precompiled_charsmap is damaged; use the tokenizer's files"
            + " that were published with the model");
      }
    }
  }
}
