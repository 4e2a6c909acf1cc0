package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.adapter.PromptChange;
import dev.likeness.diffusion.internal.adapter.PromptToken;
import dev.likeness.diffusion.request.TextualInversion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Splits prompts into chunks of ids.
 *
 * @param inversions the textual inversions that prompts may name
 * @param vocabulary the vocabulary size; ids from there on are embeddings of textual inversions, in
 *     order
 */
public record PromptChunker(
    ClipTokenizer tokenizer, List<TextualInversion> inversions, int vocabulary) {
  /** Number of ids in which a full chunk searches back for a comma to end at, as in the web UI. */
  private static final int COMMA_BACKTRACK = 20;

  /** Returns one chunk, truncated if the prompt is longer. */
  public PromptChunk plain(String prompt) {
    int[] own = ids(prompt);
    return chunk(Arrays.copyOf(own, Math.min(own.length, capacity())), null);
  }

  /**
   * Returns the tokens of one chunk with a change by an adapter: begin, the prompt's own, end,
   * padding. They are truncated if they are longer.
   */
  List<PromptToken> plainTokens(String prompt, PromptChange change) {
    List<PromptToken> own = change.beforeEncoding(
        IntStream.of(ids(prompt)).mapToObj(PromptToken::of).toList(), this::ids);
    List<PromptToken> kept = own.subList(0, Math.min(own.size(), capacity()));
    int[] ids = chunk(kept.stream().mapToInt(PromptToken::id).toArray(), null).ids();
    return IntStream.range(0, ids.length)
        .mapToObj(i -> 1 <= i && i <= kept.size() ? kept.get(i - 1) : PromptToken.of(ids[i]))
        .toList();
  }

  /**
   * The end of a prompt that its one chunk truncates, including textual inversions; empty if it
   * fits.
   */
  String truncatedText(String prompt) {
    int[] lost = IntStream.of(ids(prompt)).skip(capacity()).toArray();
    Stream<String> trained = IntStream.of(lost)
        .filter(id -> id >= vocabulary)
        .mapToObj(this::placeholderToken)
        .distinct();
    String plain =
        tokenizer.decode(IntStream.of(lost).filter(id -> id < vocabulary).toArray());
    return Stream.concat(Stream.of(plain), trained)
        .collect(Collectors.joining(" "))
        .strip();
  }

  private String placeholderToken(int id) {
    int first = vocabulary;
    for (TextualInversion word : inversions) {
      first += word.vectors();
      if (id < first) {
        return word.token();
      }
    }
    throw new IllegalStateException(
        "no token of the tokenizer or of a textual inversion has the id " + id);
  }

  /** All chunks of a prompt with weights; at least one. */
  public List<PromptChunk> weighted(String prompt) {
    Chunks chunks = new Chunks();
    for (WeightedText piece : WeightedText.parse(prompt)) {
      if (piece == WeightedText.BREAK) {
        chunks.close();
      } else {
        chunks.add(ids(piece.text()), piece.weight());
      }
    }
    return chunks.all();
  }

  /** An empty chunk, to extend a prompt. */
  PromptChunk empty() {
    return chunk(new int[0], null);
  }

  private int capacity() {
    return tokenizer.maxLength() - 2;
  }

  /** All ids of a text, with those of textual inversions. */
  private int[] ids(String text) {
    int at = -1;
    TextualInversion found = null;
    int first = vocabulary;
    int firstFound = 0;
    for (TextualInversion word : inversions) {
      int here = word.find(text);
      boolean sooner = here >= 0
          && (at < 0
              || here < at
              || here == at && word.token().length() > found.token().length());
      if (sooner) {
        at = here;
        found = word;
        firstFound = first;
      }
      first += word.vectors();
    }
    if (found == null) {
      return ownIds(text);
    }
    int[] before = ownIds(text.substring(0, at));
    int[] after = ids(text.substring(at + found.token().length()));
    int[] all = Arrays.copyOf(before, before.length + found.vectors() + after.length);
    for (int i = 0; i < found.vectors(); i++) {
      all[before.length + i] = firstFound + i;
    }
    System.arraycopy(after, 0, all, before.length + found.vectors(), after.length);
    return all;
  }

  // An id beyond the vocabulary would be taken for a vector of a textual inversion.
  private int[] ownIds(String text) {
    int[] own = tokenizer.ids(text);
    tokenizer.requireRows(own, vocabulary);
    return own;
  }

  private PromptChunk chunk(int[] own, double[] weights) {
    int[] ids = new int[tokenizer.maxLength()];
    double[] all = new double[ids.length];
    Arrays.fill(ids, tokenizer.pad());
    Arrays.fill(all, 1);
    ids[0] = tokenizer.begin();
    tokenizer.requireRows(
        new int[] {tokenizer.begin(), tokenizer.end(), tokenizer.pad()}, vocabulary);
    System.arraycopy(own, 0, ids, 1, own.length);
    ids[own.length + 1] = tokenizer.end();
    if (weights != null) {
      System.arraycopy(weights, 0, all, 1, own.length);
    }
    return new PromptChunk(ids, all);
  }

  /** Fills chunks. */
  private final class Chunks {
    private final List<PromptChunk> closed = new ArrayList<>();
    private final List<Integer> ids = new ArrayList<>();
    private final List<Double> weights = new ArrayList<>();
    private final int comma = single(",");
    private int lastComma = -1;

    void add(int[] own, double weight) {
      for (int i = 0; i < own.length; i++) {
        int length = wordLength(own[i]);
        if (own[i] == comma) {
          lastComma = ids.size();
        } else if (ids.size() == capacity()
            && lastComma >= 0
            && ids.size() - lastComma <= COMMA_BACKTRACK) {
          carryFrom(lastComma + 1);
        }
        if (ids.size() + length > capacity()) {
          close();
        }
        for (int k = 0; k < length; k++) {
          ids.add(own[i + k]);
          weights.add(weight);
        }
        i += length - 1;
      }
    }

    /** Moves the ids after the last comma into a new chunk. */
    private void carryFrom(int place) {
      List<Integer> moved = new ArrayList<>(ids.subList(place, ids.size()));
      List<Double> theirs = new ArrayList<>(weights.subList(place, weights.size()));
      ids.subList(place, ids.size()).clear();
      weights.subList(place, weights.size()).clear();
      close();
      ids.addAll(moved);
      weights.addAll(theirs);
    }

    void close() {
      closed.add(chunk(
          ids.stream().mapToInt(id -> id).toArray(),
          weights.stream().mapToDouble(x -> x).toArray()));
      ids.clear();
      weights.clear();
      lastComma = -1;
    }

    List<PromptChunk> all() {
      if (!ids.isEmpty() || closed.isEmpty()) {
        close();
      }
      return closed;
    }

    private int single(String text) {
      int[] tokens = tokenizer.ids(text);
      return tokens.length == 1 ? tokens[0] : -1;
    }
  }

  /** The number of ids that must stay together: an inversion's vectors, or one. */
  private int wordLength(int id) {
    int first = vocabulary;
    for (TextualInversion word : inversions) {
      if (id == first) {
        return Math.min(word.vectors(), capacity());
      }
      first += word.vectors();
    }
    return 1;
  }

  /**
   * The input of a text encoder.
   *
   * @param ids begin, the prompt's own, end, padding; from the vocabulary's size on, vectors of
   *     textual inversions
   * @param weights the weight of each token's state; 1 for plain prompts
   */
  public record PromptChunk(int[] ids, double[] weights) {
    boolean isWeighted() {
      for (double weight : weights) {
        if (weight != 1) {
          return true;
        }
      }
      return false;
    }
  }
}
