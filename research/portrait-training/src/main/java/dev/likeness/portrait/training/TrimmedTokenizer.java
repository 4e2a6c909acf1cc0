package dev.likeness.portrait.training;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * CLIP's byte-pair code with only the merges that some texts need, so that the embedding table of a
 * small model stays small. Texts of those words get CLIP's own pieces; others fall into shorter
 * pieces, never into an unknown.
 */
final class TrimmedTokenizer {
  private static final int BYTES = 512;
  private static final Pattern WORD = Pattern.compile("[a-z]+|[0-9]|[^\\sa-z0-9]+");

  private final List<String> merges;
  private final Map<String, Integer> rank = new HashMap<>();
  private final List<String> byteTokens;
  private final TreeSet<Integer> used = new TreeSet<>();
  private final TreeSet<String> words = new TreeSet<>();

  private TrimmedTokenizer(List<String> merges, List<String> byteTokens) {
    this.merges = merges;
    this.byteTokens = byteTokens;
    for (int i = 0; i < merges.size(); i++) {
      rank.put(merges.get(i), i);
    }
  }

  /** Reads CLIP's {@code vocab.json} and {@code merges.txt}. */
  static TrimmedTokenizer of(Path clip) {
    try {
      List<String> lines = Files.readAllLines(clip.resolve("merges.txt"));
      List<String> merges =
          lines.stream().filter(l -> !l.startsWith("#") && !l.isBlank()).toList();
      Map<String, Object> vocabulary =
          JSON.std.mapFrom(Files.readAllBytes(clip.resolve("vocab.json")));
      String[] bytes = new String[BYTES];
      vocabulary.forEach((token, id) -> {
        if (((Number) id).intValue() < BYTES) {
          bytes[((Number) id).intValue()] = token;
        }
      });
      return new TrimmedTokenizer(merges, List.of(bytes));
    } catch (IOException e) {
      throw new InvalidInputException(
          clip + " must hold CLIP's vocab.json and merges.txt: " + e.getMessage(), e);
    }
  }

  /** Marks the merges that {@code text}, in plain ASCII, needs. */
  void need(String text) {
    Matcher pieces = WORD.matcher(text.toLowerCase(java.util.Locale.ROOT));
    while (pieces.find()) {
      mark(pieces.group());
      if (Character.isLetter(pieces.group().charAt(0))) {
        words.add(pieces.group());
      }
    }
  }

  private void mark(String word) {
    List<String> parts =
        new ArrayList<>(word.chars().mapToObj(c -> String.valueOf((char) c)).toList());
    parts.set(parts.size() - 1, parts.get(parts.size() - 1) + "</w>");
    while (parts.size() > 1) {
      int best = -1;
      for (int i = 0; i + 1 < parts.size(); i++) {
        Integer here = rank.get(parts.get(i) + " " + parts.get(i + 1));
        if (here != null
            && (best < 0 || here < rank.get(parts.get(best) + " " + parts.get(best + 1)))) {
          best = i;
        }
      }
      if (best < 0) {
        return;
      }
      used.add(rank.get(parts.get(best) + " " + parts.get(best + 1)));
      parts.set(best, parts.get(best) + parts.remove(best + 1));
    }
  }

  /** How many ids the trimmed code has. */
  int vocabulary() {
    return BYTES + used.size() + 2;
  }

  /**
   * Writes the folder that transformers and this library open. It declares the words of the texts,
   * so that a prompt with other words is reported.
   */
  void write(Path folder) {
    Map<String, Object> vocabulary = new LinkedHashMap<>();
    byteTokens.forEach(token -> vocabulary.put(token, vocabulary.size()));
    List<String> kept = used.stream().map(merges::get).toList();
    kept.forEach(merge -> vocabulary.put(merge.replace(" ", ""), vocabulary.size()));
    vocabulary.put("<|startoftext|>", vocabulary.size());
    vocabulary.put("<|endoftext|>", vocabulary.size());
    Map<String, Object> special = new LinkedHashMap<>();
    special.put("bos_token", "<|startoftext|>");
    special.put("eos_token", "<|endoftext|>");
    special.put("pad_token", "<|endoftext|>");
    special.put("unk_token", "<|endoftext|>");
    Map<String, Object> config = new LinkedHashMap<>(special);
    config.put("tokenizer_class", "CLIPTokenizer");
    config.put("model_max_length", Architecture.TOKENS);
    config.put("do_lower_case", true);
    config.put("known_words", words);
    text(folder.resolve("merges.txt"), "#version: 0.2\n" + String.join("\n", kept) + "\n");
    json(folder.resolve("vocab.json"), vocabulary);
    json(folder.resolve("special_tokens_map.json"), special);
    json(folder.resolve("tokenizer_config.json"), config);
  }

  /** Writes {@code value} as indented JSON. */
  static void json(Path file, Map<String, Object> value) {
    try {
      text(file, JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(value) + "\n");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void text(Path file, String content) {
    AtomicFile.write(file, out -> out.write(content.getBytes(StandardCharsets.UTF_8)));
  }
}
