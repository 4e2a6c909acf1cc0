package dev.likeness.ipadapter.internal.method.photomaker;

import dev.likeness.diffusion.internal.adapter.PromptChange;
import dev.likeness.diffusion.internal.adapter.PromptToken;
import dev.likeness.ipadapter.internal.projection.FaceFusion;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * PhotoMaker's change of the prompt. The trigger word behind the class word is left out, the class
 * token is repeated once for each embedding of the photos, and the encoded class tokens are merged
 * with them. Until {@code start}, and from {@code end} on, only the trigger word is left out.
 */
final class MergedPrompt implements PromptChange {
  /** The word that marks the class word before it. */
  static final String TRIGGER = "img";

  /** Leaves the trigger word out, if the prompt has it. */
  static final PromptChange WITHOUT_TRIGGER = new PromptChange() {
    @Override
    public List<PromptToken> beforeEncoding(List<PromptToken> prompt, Vocabulary vocabulary) {
      int[] trigger = vocabulary.ids(TRIGGER);
      List<PromptToken> rest = new ArrayList<>();
      int from = 0;
      for (int at : places(prompt, trigger)) {
        rest.addAll(prompt.subList(from, at));
        from = at + trigger.length;
      }
      rest.addAll(prompt.subList(from, prompt.size()));
      return rest;
    }
  };

  private final FaceFusion fusion;
  private final Tensor photos;
  private final double weight;
  private final double start;
  private final double end;

  /**
   * Makes a change.
   *
   * @param photos the embeddings of all photos, [k, width]
   * @param weight 1 for the merged tokens, 0 for the class tokens; other numbers mix them
   */
  MergedPrompt(FaceFusion fusion, Tensor photos, double weight, double start, double end) {
    this.fusion = fusion;
    this.photos = photos;
    this.weight = weight;
    this.start = start;
    this.end = end;
  }

  /**
   * The published pipeline merges after step {@code start_merge_step}, also if that is 0; a start
   * of 0 here means all steps.
   */
  @Override
  public PromptChange at(double progress) {
    boolean isMerged = (start == 0 || progress > start) && progress < end;
    return isMerged ? this : WITHOUT_TRIGGER;
  }

  @Override
  public List<PromptToken> beforeEncoding(List<PromptToken> prompt, Vocabulary vocabulary) {
    int[] trigger = vocabulary.ids(TRIGGER);
    List<Integer> places = places(prompt, trigger);
    if (places.size() != 1 || places.get(0) == 0) {
      throw new IllegalArgumentException("PhotoMaker needs its trigger word \"" + TRIGGER
          + "\" once, behind a class word, as in \"photo of a woman " + TRIGGER
          + "\"; the prompt " + fault(places));
    }
    int at = places.get(0);
    List<PromptToken> all = new ArrayList<>(prompt.subList(0, at - 1));
    PromptToken classToken = prompt.get(at - 1).marked(this);
    for (int i = 0; i < photos.size(0); i++) {
      all.add(classToken);
    }
    all.addAll(prompt.subList(at + trigger.length, prompt.size()));
    return all;
  }

  private static String fault(List<Integer> places) {
    return places.isEmpty()
        ? "has none"
        : places.size() > 1 ? "has " + places.size() : "begins with it";
  }

  @Override
  public Tensor afterEncoding(Tensor encoded, List<PromptToken> tokens) {
    int[] marked = IntStream.range(0, tokens.size())
        .filter(i -> tokens.get(i).mark() == this)
        .toArray();
    if (marked.length < photos.size(0)) {
      throw new IllegalArgumentException("PhotoMaker needs " + photos.size(0)
          + " tokens of the prompt for the photos, but the text encoder truncates the prompt after "
          + marked.length + " of them; give fewer photos, or put the trigger word nearer to the"
          + " beginning");
    }
    long first = marked[0];
    Tensor like = photos.to(encoded);
    Tensor merged = fusion.fuseInto(encoded, like, first);
    return weight == 1 ? merged : encoded.add(merged.sub(encoded), new Scalar(weight));
  }

  /** The positions at which a word begins. */
  private static List<Integer> places(List<PromptToken> prompt, int[] word) {
    List<Integer> places = new ArrayList<>();
    for (int at = 0; word.length > 0 && at + word.length <= prompt.size(); at++) {
      int from = at;
      if (IntStream.range(0, word.length).allMatch(i -> prompt.get(from + i).id() == word[i])) {
        places.add(at);
        at += word.length - 1;
      }
    }
    return places;
  }
}
