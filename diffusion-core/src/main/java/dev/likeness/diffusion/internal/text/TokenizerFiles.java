package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/**
 * The files of a tokenizer's folder, as texts.
 *
 * @param where the folder or file they come from
 * @param texts by file name
 */
public record TokenizerFiles(Path where, Map<String, String> texts) {
  /** The files that say something about ids, or about what goes around a text. */
  public static final List<String> NAMES = List.of(
      "tokenizer.json",
      "vocab.json",
      "merges.txt",
      "tokenizer_config.json",
      "special_tokens_map.json",
      "added_tokens.json",
      "chat_template.jinja");

  private static final String PIECES = "spiece.model";
  private static final long LARGEST_FILE = 64L << 20;
  private static final String MERGES = "clip-merges.txt.gz";

  public TokenizerFiles {
    texts = Map.copyOf(texts);
  }

  /**
   * Reads what is there.
   *
   * @throws InvalidInputException when a file is not text or too large
   */
  public static TokenizerFiles read(Path folder) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (String name : NAMES) {
      if (Files.exists(folder.resolve(name))) {
        texts.put(name, text(folder.resolve(name)));
      }
    }
    return new TokenizerFiles(folder, texts);
  }

  /**
   * CLIP's own tokenizer, which every published model has, padding with {@code pad}; no file is
   * read.
   */
  public static TokenizerFiles clip(String pad) {
    return ClipVocabulary.files(merges(), pad);
  }

  /** Whether both give every text the same ids and the same padding. */
  public boolean sameIds(TokenizerFiles other) {
    BpeVocabulary mine = BpeVocabulary.read(this);
    BpeVocabulary theirs = BpeVocabulary.read(other);
    String pad = SpecialTokens.read(this, mine, SpecialTokens.CLIP).named().get("pad_token");
    return mine.ids().equals(theirs.ids())
        && mine.merges().equals(theirs.merges())
        && pad.equals(
            SpecialTokens.read(other, theirs, SpecialTokens.CLIP).named().get("pad_token"));
  }

  private static String merges() {
    try (InputStream packed = TokenizerFiles.class.getResourceAsStream(MERGES);
        InputStream text = new GZIPInputStream(packed)) {
      return new String(text.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "the built-in table of CLIP's merges cannot be read; the jar is damaged", e);
    }
  }

  /** T5's pieces, which are no text, where they lie beside the texts. */
  public Optional<Path> pieces() {
    return Optional.of(path(PIECES)).filter(Files::exists);
  }

  boolean has(String name) {
    return texts.containsKey(name);
  }

  String text(String name) {
    return texts.get(name);
  }

  Path path(String name) {
    return where.resolve(name);
  }

  private static String text(Path file) {
    try {
      if (Files.size(file) > LARGEST_FILE) {
        throw new InvalidInputException(file + " has " + Files.size(file)
            + " bytes; a tokenizer's file has at most " + LARGEST_FILE);
      }
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(UninterruptibleIo.read(file, Files::readAllBytes)))
          .toString();
    } catch (NoSuchFileException e) {
      throw new InvalidInputException(file + " is missing", e);
    } catch (IOException e) {
      throw new InvalidInputException(
          "cannot read " + file + " as UTF-8 text: " + e.getMessage(), e);
    }
  }
}
