package dev.likeness.diffusion.internal.text;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/**
 * The files of a tokenizer's folder, as texts.
 *
 * @param folder the folder or file they come from
 * @param texts by file name
 */
public record TokenizerFiles(Path folder, Map<String, String> texts) {
  /** The files that determine ids and the template around a text. */
  public static final List<String> NAMES = List.of(
      "tokenizer.json",
      "vocab.json",
      "merges.txt",
      "tokenizer_config.json",
      "special_tokens_map.json",
      "added_tokens.json",
      "chat_template.jinja");

  private static final String PIECES = "spiece.model";
  private static final String MERGES = "clip-merges.txt.gz";

  public TokenizerFiles {
    texts = Map.copyOf(texts);
  }

  /**
   * Reads the files of a folder.
   *
   * @throws InvalidInputException if a file is not text or too large
   */
  public static TokenizerFiles read(Path folder) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (String name : NAMES) {
      if (ModelFile.exists(folder.resolve(name))) {
        texts.put(name, text(folder.resolve(name)));
      }
    }
    return new TokenizerFiles(folder, texts);
  }

  /** The built-in CLIP tokenizer with the padding token {@code pad}. */
  public static TokenizerFiles clip(String pad) {
    return ClipVocabulary.files(merges(), pad);
  }

  /**
   * Returns true if these files give the same ids and the same padding for every text as
   * {@link #clip}. Does not build that tokenizer, which takes half a second.
   *
   * @throws InvalidInputException if these files are no tokenizer of byte pairs
   */
  public boolean sameIdsAsClip(String pad) {
    BpeVocabulary mine = BpeVocabulary.read(this);
    String own = SpecialTokens.read(this, mine, SpecialTokens.CLIP).contents().get("pad_token");
    String merges = merges();
    return pad.equals(own)
        && mine.merges().size() == merges.lines().count()
        && mine.ids().equals(ClipVocabulary.ids(merges))
        && mine.merges()
            .equals(merges.lines().map(pair -> List.of(pair.split(" "))).toList());
  }

  private static String merges() {
    try (InputStream packed = TokenizerFiles.class.getResourceAsStream(MERGES);
        InputStream text = new GZIPInputStream(packed)) {
      return new String(text.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(
          "the built-in merges of CLIP cannot be read; the jar is damaged, download it again", e);
    }
  }

  /** The path of T5's binary {@code spiece.model}, if it exists. */
  public Optional<Path> pieces() {
    return Optional.of(path(PIECES)).filter(ModelFile::exists);
  }

  boolean has(String name) {
    return texts.containsKey(name);
  }

  String text(String name) {
    return texts.get(name);
  }

  Path path(String name) {
    return folder.resolve(name);
  }

  private static String text(Path file) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(ModelFile.read(file, ModelFile.LARGEST_TOKENIZER)))
          .toString();
    } catch (CharacterCodingException e) {
      throw new InvalidInputException(
          "cannot read " + file + " as UTF-8 text: " + e.getMessage(), e);
    }
  }

  /**
   * The files of CLIP's tokenizer, made from its merges alone: symbols are numbered bytes, bytes
   * that end a word, merges in their order, begin and end.
   *
   * <p>Source: {@code bytes_to_unicode} and {@code SimpleTokenizer} of mlfoundations/open_clip
   * {@code tokenizer.py}.
   */
  static final class ClipVocabulary {
    private static final String BEGIN = "<|startoftext|>";
    private static final String END = "<|endoftext|>";

    private ClipVocabulary() {}

    static TokenizerFiles files(String merges, String pad) {
      try {
        Map<String, Object> named = Map.of(
            "bos_token",
            token(BEGIN),
            "eos_token",
            token(END),
            "unk_token",
            token(END),
            "pad_token",
            pad);
        Map<String, Object> config = new LinkedHashMap<>(named);
        config.put("add_prefix_space", false);
        config.put("do_lower_case", true);
        config.put("errors", "replace");
        config.put("model_max_length", 77);
        config.put("tokenizer_class", "CLIPTokenizer");
        return new TokenizerFiles(
            Path.of("(built-in CLIP tokenizer)"),
            Map.of(
                "vocab.json",
                JSON.std.asString(ids(merges)),
                "merges.txt",
                "#version: 0.2\n" + merges,
                "special_tokens_map.json",
                JSON.std.asString(named),
                "tokenizer_config.json",
                JSON.std.asString(config)));
      } catch (IOException e) {
        throw new IllegalStateException("cannot encode JSON in memory", e);
      }
    }

    private static Map<String, Object> token(String content) {
      return Map.of(
          "content",
          content,
          "lstrip",
          false,
          "normalized",
          true,
          "rstrip",
          false,
          "single_word",
          false);
    }

    private static Map<String, Integer> ids(String merges) {
      List<String> bytes = bytes();
      Map<String, Integer> ids = new LinkedHashMap<>();
      bytes.forEach(symbol -> ids.put(symbol, ids.size()));
      bytes.forEach(symbol -> ids.put(symbol + "</w>", ids.size()));
      merges.lines().forEach(pair -> ids.put(pair.replace(" ", ""), ids.size()));
      ids.put(BEGIN, ids.size());
      ids.put(END, ids.size());
      return ids;
    }

    /** A visible character for each byte: itself if it is visible, else one from 256 on. */
    private static List<String> bytes() {
      List<String> visible = new ArrayList<>();
      List<String> others = new ArrayList<>();
      for (int b = 0; b < 256; b++) {
        boolean isVisible = b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae;
        if (isVisible) {
          visible.add(Character.toString(b));
        } else {
          others.add(Character.toString(256 + others.size()));
        }
      }
      visible.addAll(others);
      return visible;
    }
  }
}
