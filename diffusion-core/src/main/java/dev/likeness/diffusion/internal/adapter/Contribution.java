package dev.likeness.diffusion.internal.adapter;

import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ReferenceImages;
import dev.likeness.diffusion.request.TextualInversion;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What an adapter adds to the generations of a request: a LoRA, an identity from reference images,
 * or face guidance. Each part may be empty; {@link #and} joins the contributions of several
 * adapters. Parts that need tensors are made for each generation.
 *
 * @param changes the changes to the networks
 * @param prompts the changes to the prompt
 * @param controls the control images
 * @param controlTokens the tokens that ControlNets attend to in place of the prompts' tokens
 * @param images the reference images of editing models
 * @param inversions the textual inversions, whose tokens the prompts may use
 * @param guidance gradient guidance; empty if sampling follows the prompt alone
 */
public record Contribution(
    Changes changes,
    Prompts prompts,
    List<ControlImage> controls,
    TokensOfControls controlTokens,
    ReferenceImages images,
    List<TextualInversion> inversions,
    Optional<Guidance> guidance) {
  /** The contribution that adds nothing. */
  public static final Contribution NONE = new Contribution(
      Changes.NONE,
      Prompts.NONE,
      List.of(),
      TokensOfControls.NONE,
      ReferenceImages.NONE,
      List.of(),
      Optional.empty());

  /** The changes to the networks of a model. */
  @FunctionalInterface
  public interface Changes {
    /** No changes. */
    Changes NONE = (component, generation) -> Adaptation.NONE;

    /**
     * Returns the changes to one network, in the generation's dtype and on its device. Called once
     * for every request. Implementations cache tensors that do not depend on the request. New
     * tensors belong to the calling scope, which lives until the request is sampled.
     */
    Adaptation of(ModelComponent component, Generation generation);
  }

  /** The changes to the prompt of a request. */
  @FunctionalInterface
  public interface Prompts {
    /** No changes. */
    Prompts NONE = generation -> PromptChange.NONE;

    /**
     * Returns the changes for a generation. Called once for every request; new tensors belong to
     * the calling scope, which lives until the request is sampled.
     */
    PromptChange of(Generation generation);
  }

  /** The tokens of the ControlNets of a generation. */
  @FunctionalInterface
  public interface TokensOfControls {
    /** All ControlNets attend to the prompts. */
    TokensOfControls NONE = (control, generation) -> Optional.empty();

    /**
     * Returns the tokens of a control image's ControlNet; empty if it attends to the prompts. New
     * tensors belong to the calling scope, which lives until the request is sampled.
     */
    Optional<ControlTokens> of(ControlImage control, Generation generation);
  }

  /** The gradient guidance of a generation. */
  @FunctionalInterface
  public interface Guidance {
    /** Returns the guidance of one image. */
    GradientGuidance of(Generation generation);
  }

  public Contribution {
    controls = List.copyOf(controls);
    inversions = List.copyOf(inversions);
  }

  /** A contribution of changes to networks. */
  public static Contribution of(Changes changes) {
    return new Contribution(
        changes,
        Prompts.NONE,
        List.of(),
        TokensOfControls.NONE,
        ReferenceImages.NONE,
        List.of(),
        Optional.empty());
  }

  /** The joined contribution of a request's adapters. */
  public static Contribution of(List<Adapter> adapters) {
    return adapters.stream()
        .map(adapter -> ModelAdapter.of(adapter).contribution())
        .reduce(NONE, Contribution::and);
  }

  /** This contribution with changes to the prompt. */
  public Contribution withPrompts(Prompts prompts) {
    return new Contribution(
        changes, prompts, controls, controlTokens, images, inversions, guidance);
  }

  /** This contribution with these control images, whose ControlNets attend to the prompts. */
  public Contribution withControls(List<ControlImage> controls) {
    return new Contribution(
        changes, prompts, controls, controlTokens, images, inversions, guidance);
  }

  /** This contribution with tokens for ControlNets. */
  public Contribution withControlTokens(TokensOfControls controlTokens) {
    return new Contribution(
        changes, prompts, controls, controlTokens, images, inversions, guidance);
  }

  /** This contribution with these reference images. */
  public Contribution withImages(ReferenceImages images) {
    return new Contribution(
        changes, prompts, controls, controlTokens, images, inversions, guidance);
  }

  /** This contribution with these textual inversions. */
  public Contribution withInversions(List<TextualInversion> inversions) {
    return new Contribution(
        changes, prompts, controls, controlTokens, images, inversions, guidance);
  }

  /** This contribution with gradient guidance. */
  public Contribution withGuidance(Guidance guidance) {
    return new Contribution(
        changes, prompts, controls, controlTokens, images, inversions, Optional.of(guidance));
  }

  /** This contribution without its gradient guidance. */
  public Contribution withoutGuidance() {
    return new Contribution(
        changes, prompts, controls, controlTokens, images, inversions, Optional.empty());
  }

  /**
   * Joins two contributions. Of two gradient guidances, the first is used.
   *
   * @throws IllegalArgumentException if both have reference images, of different area limits or
   *     strengths
   */
  public Contribution and(Contribution other) {
    if (this == NONE || other == NONE) {
      return this == NONE ? other : this;
    }
    return new Contribution(
        (component, generation) ->
            changes.of(component, generation).and(other.changes.of(component, generation)),
        generation -> prompts.of(generation).and(other.prompts.of(generation)),
        concat(controls, other.controls),
        (control, generation) -> controlTokens
            .of(control, generation)
            .or(() -> other.controlTokens.of(control, generation)),
        images.and(other.images),
        concat(inversions, other.inversions),
        guidance.or(() -> other.guidance));
  }

  private static <T> List<T> concat(List<T> first, List<T> second) {
    return Stream.concat(first.stream(), second.stream()).toList();
  }
}
