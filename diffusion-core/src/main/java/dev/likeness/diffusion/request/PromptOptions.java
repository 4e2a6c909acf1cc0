package dev.likeness.diffusion.request;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Prompts of a request, and their syntax.
 *
 * @param prompt a description of the image; not null
 * @param negative the negative prompt, which describes unwanted content; empty if none is set.
 *     Without a negative prompt, a base with {@code force_zeros_for_empty_prompt}, such as Stable
 *     Diffusion XL, uses zeros instead of embeddings, as in diffusers. A negative prompt that is
 *     set is encoded, even if it has length 0
 * @param syntax the syntax of prompt and negative prompt; only Stable Diffusion 1.x, 2.x and XL
 *     support {@link PromptSyntax#A1111}
 * @param clipSkip how many of the text encoder's last layers are left out, at least 0. Layers that
 *     the model family always leaves out are not counted, as in diffusers' {@code clip_skip}. The
 *     web UI's clip skip of 2 corresponds to 1 on Stable Diffusion 1.x, and to 0 on XL and 2.x.
 *     With plain syntax, clip skip applies only to the prompt, as in diffusers. With A1111 syntax,
 *     it applies to both prompts. Only Stable Diffusion supports clip skip
 * @param textualInversions textual inversions whose tokens the prompts may use. Duplicates are
 *     removed. Different textual inversions must have different tokens
 * @param embedding precomputed embeddings that replace the prompt; empty to encode the prompt
 * @param negativeEmbedding precomputed embeddings that replace the negative prompt; empty to encode
 *     the negative prompt
 * @param encoderPrompts separate prompts for the second and third text encoder
 * @param maxSequenceLength the number of tokens that a T5 or Qwen3 text encoder reads (diffusers:
 *     {@code max_sequence_length}), at least 1; empty for the base's default
 */
public record PromptOptions(
    String prompt,
    Optional<String> negative,
    PromptSyntax syntax,
    int clipSkip,
    List<TextualInversion> textualInversions,
    Optional<PromptEmbedding> embedding,
    Optional<PromptEmbedding> negativeEmbedding,
    EncoderPrompts encoderPrompts,
    OptionalInt maxSequenceLength) {
  /**
   * Checks the values and removes duplicates of textual inversions.
   *
   * @throws IllegalArgumentException if the clip skip is negative, if the sequence length is below
   *     1, or if two different textual inversions have the same token
   * @throws NullPointerException if the prompt is null
   */
  public PromptOptions {
    Objects.requireNonNull(prompt, "the prompt is null; give an empty text for no prompt");
    if (maxSequenceLength.orElse(1) < 1) {
      throw new IllegalArgumentException(
          "max_sequence_length must be at least 1, got " + maxSequenceLength.getAsInt());
    }
    if (clipSkip < 0) {
      throw new IllegalArgumentException("clip skip must not be negative, got " + clipSkip);
    }
    textualInversions = distinct(textualInversions);
  }

  /**
   * {@return options with a prompt in plain syntax, without clip skip or textual inversions}
   *
   * @param prompt the prompt; not null
   * @throws NullPointerException if the prompt is null
   */
  public static PromptOptions of(String prompt) {
    return new PromptOptions(
        prompt,
        Optional.empty(),
        PromptSyntax.PLAIN,
        0,
        List.of(),
        Optional.empty(),
        Optional.empty(),
        EncoderPrompts.NONE,
        OptionalInt.empty());
  }

  /** Removes equal textual inversions, because several adapters may bring the same one. */
  private static List<TextualInversion> distinct(List<TextualInversion> inversions) {
    List<TextualInversion> distinct = new ArrayList<>();
    for (TextualInversion inversion : inversions) {
      Optional<TextualInversion> known = distinct.stream()
          .filter(other -> other.token().equalsIgnoreCase(inversion.token()))
          .findFirst();
      if (known.isEmpty()) {
        distinct.add(inversion);
      } else if (!known.get().withToken(inversion.token()).equals(inversion)) {
        throw new IllegalArgumentException(
            "two different textual inversions have the token \"" + inversion.token()
                + "\"; give one of them another token: rename it (TextualInversion.withToken), or"
                + " train it again");
      }
    }
    return List.copyOf(distinct);
  }

  /**
   * {@return a copy of these options with the given prompt}
   *
   * @param text the prompt; not null
   * @throws NullPointerException if the text is null
   */
  public PromptOptions prompt(String text) {
    return with(copy -> copy.prompt = text);
  }

  /**
   * {@return a copy of these options with the given negative prompt}
   *
   * @param text the negative prompt
   */
  public PromptOptions negative(String text) {
    return with(copy -> copy.negative = Optional.of(text));
  }

  /** {@return these options without a negative prompt; {@code negative("")} sets an empty one} */
  public PromptOptions withoutNegative() {
    return with(copy -> copy.negative = Optional.empty());
  }

  /**
   * {@return a copy of these options with the given syntax}
   *
   * @param other the syntax of prompt and negative prompt
   */
  public PromptOptions syntax(PromptSyntax other) {
    return with(copy -> copy.syntax = other);
  }

  /**
   * {@return a copy of these options with the given clip skip}
   *
   * @param layers how many of the text encoder's last layers are left out, at least 0
   * @throws IllegalArgumentException if the number is negative
   */
  public PromptOptions clipSkip(int layers) {
    return with(copy -> copy.clipSkip = layers);
  }

  /**
   * {@return these options with one more textual inversion}
   *
   * @param inversion the textual inversion, whose token the prompts may use
   * @throws IllegalArgumentException if a different textual inversion has the same token
   */
  public PromptOptions textualInversion(TextualInversion inversion) {
    List<TextualInversion> all = new ArrayList<>(textualInversions);
    all.add(inversion);
    return textualInversions(all);
  }

  /**
   * {@return a copy of these options with the given textual inversions}
   *
   * @param others the new textual inversions; duplicates are removed
   * @throws IllegalArgumentException if two different textual inversions have the same token
   */
  public PromptOptions textualInversions(List<TextualInversion> others) {
    return with(copy -> copy.textualInversions = others);
  }

  /**
   * {@return these options with precomputed embeddings of the prompt}
   *
   * @param positive embeddings that replace the prompt
   */
  public PromptOptions embedding(PromptEmbedding positive) {
    return with(copy -> copy.embedding = Optional.of(positive));
  }

  /**
   * {@return these options with precomputed embeddings of the negative prompt}
   *
   * @param negativePrompt embeddings that replace the negative prompt
   */
  public PromptOptions negativeEmbedding(PromptEmbedding negativePrompt) {
    return with(copy -> copy.negativeEmbedding = Optional.of(negativePrompt));
  }

  /**
   * {@return a copy of these options with the given prompts for the second and third text encoder}
   *
   * @param others the separate prompts
   */
  public PromptOptions encoderPrompts(EncoderPrompts others) {
    return with(copy -> copy.encoderPrompts = others);
  }

  /**
   * {@return a copy with the given number of tokens for a T5 or Qwen3 text encoder}
   *
   * @param tokens diffusers' {@code max_sequence_length}, at least 1
   * @throws IllegalArgumentException if the number is below 1
   */
  public PromptOptions maxSequenceLength(int tokens) {
    return with(copy -> copy.maxSequenceLength = OptionalInt.of(tokens));
  }

  /**
   * {@return these options with every prompt changed by a function} Unset prompts stay unset.
   *
   * @param change the function, which gets a prompt and returns the new prompt
   */
  public PromptOptions mapPrompts(UnaryOperator<String> change) {
    return with(copy -> {
      copy.prompt = change.apply(prompt);
      copy.negative = negative.map(change);
      copy.encoderPrompts = new EncoderPrompts(
          encoderPrompts.second.map(change),
          encoderPrompts.third.map(change),
          encoderPrompts.negativeSecond.map(change),
          encoderPrompts.negativeThird.map(change));
    });
  }

  /**
   * {@return the prompt that a text encoder gets}
   *
   * @param encoder the index of the text encoder, from 0
   * @param negativePrompt true for the negative prompt, false for the prompt
   */
  public String text(int encoder, boolean negativePrompt) {
    Optional<String> other = encoder == 1
        ? negativePrompt ? encoderPrompts.negativeSecond : encoderPrompts.second
        : encoder == 2
            ? negativePrompt ? encoderPrompts.negativeThird : encoderPrompts.third
            : Optional.empty();
    return other
        .filter(text -> !text.isEmpty())
        .orElseGet(() -> negativePrompt ? negative.orElse("") : prompt);
  }

  /**
   * {@return the clip skip to apply, in layers; 0 for the negative prompt in plain syntax}
   *
   * @param negativePrompt true for the negative prompt, false for the prompt
   */
  public int skippedLayers(boolean negativePrompt) {
    return negativePrompt && syntax == PromptSyntax.PLAIN ? 0 : clipSkip;
  }

  /**
   * Separate prompts for the second and third text encoder. If a prompt is not set or is empty, the
   * first encoder's prompt (or negative prompt) replaces it, as in diffusers.
   *
   * @param second the prompt of the second text encoder (diffusers: {@code prompt_2})
   * @param third the prompt of the third text encoder (diffusers: {@code prompt_3})
   * @param negativeSecond the negative prompt of the second text encoder
   * @param negativeThird the negative prompt of the third text encoder
   */
  public record EncoderPrompts(
      Optional<String> second,
      Optional<String> third,
      Optional<String> negativeSecond,
      Optional<String> negativeThird) {
    /** All text encoders get the same prompts. */
    public static final EncoderPrompts NONE =
        new EncoderPrompts(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    /** {@return the last text encoder with its own prompt: 2 or 3; 1 if there is none} */
    public int last() {
      return third.isPresent() || negativeThird.isPresent()
          ? 3
          : second.isPresent() || negativeSecond.isPresent() ? 2 : 1;
    }
  }

  private PromptOptions with(Consumer<Copy> change) {
    Copy copy = new Copy(this);
    change.accept(copy);
    return copy.options();
  }

  /** Options that can be changed. */
  private static final class Copy {
    private String prompt;
    private Optional<String> negative;
    private PromptSyntax syntax;
    private int clipSkip;
    private List<TextualInversion> textualInversions;
    private Optional<PromptEmbedding> embedding;
    private Optional<PromptEmbedding> negativeEmbedding;
    private EncoderPrompts encoderPrompts;
    private OptionalInt maxSequenceLength;

    private Copy(PromptOptions options) {
      prompt = options.prompt;
      negative = options.negative;
      syntax = options.syntax;
      clipSkip = options.clipSkip;
      textualInversions = options.textualInversions;
      embedding = options.embedding;
      negativeEmbedding = options.negativeEmbedding;
      encoderPrompts = options.encoderPrompts;
      maxSequenceLength = options.maxSequenceLength;
    }

    private PromptOptions options() {
      return new PromptOptions(
          prompt,
          negative,
          syntax,
          clipSkip,
          textualInversions,
          embedding,
          negativeEmbedding,
          encoderPrompts,
          maxSequenceLength);
    }
  }
}
