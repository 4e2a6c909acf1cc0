package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.GradientGuidance.NetworkGradient;
import dev.likeness.diffusion.internal.family.Capabilities;
import dev.likeness.diffusion.internal.family.Capabilities.CachePoints;
import dev.likeness.diffusion.internal.family.Capabilities.ControlImages;
import dev.likeness.diffusion.internal.family.Capabilities.Editing;
import dev.likeness.diffusion.internal.family.Capabilities.Inpainting;
import dev.likeness.diffusion.internal.family.Capabilities.SizeInputs;
import dev.likeness.diffusion.internal.family.Capabilities.TextInputs;
import dev.likeness.diffusion.internal.family.Capabilities.TiledSampling;
import dev.likeness.diffusion.internal.family.Capabilities.TrueCfg;
import dev.likeness.diffusion.internal.family.ControlInput;
import dev.likeness.diffusion.internal.family.LoadedControlNet;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.diffusion.request.SizeConditioning;
import java.util.List;

/**
 * Stage 1: refuses requests that the base cannot serve, before any work: options whose capability
 * the family lacks, and options that exclude each other.
 */
record RequestChecks(OpenModel model) {
  /**
   * Checks a request as it was given.
   *
   * @throws IllegalArgumentException naming the option, and what to do
   */
  void require(ImageRequest request) {
    requireStart(request);
    requireReferences(request);
    requireInputs(request);
    requireControls(request);
    requireCaching(request.caching());
    requireGuidance(request.guidanceOptions());
  }

  /**
   * Checks a request that is about to be sampled.
   *
   * @param request completed by {@link RequestDefaults}
   * @throws IllegalArgumentException naming the option, and what to do
   */
  void requireSampling(ImageRequest request) {
    requireSecondPass(request);
    requireInpainting(request);
    requireWindows(request);
  }

  /** Refuses a second pass without a step, before the first pass. */
  private static void requireSecondPass(ImageRequest request) {
    request.hires().ifPresent(fix -> {
      int steps = fix.steps().orElse(request.steps().getAsInt());
      if (steps * fix.strength() < 1) {
        throw new IllegalArgumentException("no step is left of " + steps + " at strength "
            + fix.strength() + " for the second pass; use more steps or a larger strength");
      }
    });
  }

  /** Refuses initial images that sampling, or its second pass, cannot start from. */
  private void requireStart(ImageRequest r) {
    if (r.initialImage().filter(InitialImage::isMaskCropped).isPresent()) {
      MaskCrop.require(r);
    }
    boolean enlarges = r.hires().isPresent() && !r.hires().get().pixels();
    if (enlarges && model.capability(Inpainting.class).isPresent()) {
      throw new IllegalArgumentException(
          "a base that was trained for inpainting does not support a second pass over latents;"
              + " use a second pass over pixels");
    }
    if (enlarges
        && r.initialImage().isPresent()
        && r.initialImage().orElseThrow().mask().isPresent()
        && r.initialImage().orElseThrow().image().isEmpty()) {
      throw new IllegalArgumentException(
          "with a mask, a second pass over latents needs an initial image, got initial latents;"
              + " give an image, or use a second pass over pixels");
    }
    if (r.denoisingStart() > 0 && r.initialImage().isEmpty()) {
      throw new IllegalArgumentException("a denoising start of " + r.denoisingStart()
          + " needs latents; give them as the initial image");
    }
    if (r.denoisingStart() > 0 && r.initialImage().get().isDifferential()) {
      throw new IllegalArgumentException("a denoising start of " + r.denoisingStart()
          + " cannot be combined with a change map; give a mask, or start at 0");
    }
  }

  /** Refuses reference images that the network cannot take. */
  private void requireReferences(ImageRequest request) {
    int given = request.referenceImages().images().size();
    Editing editing = model.capability(Editing.class).orElse(null);
    if (editing == null) {
      if (given > 0) {
        throw new IllegalArgumentException(
            "a base of the family " + model.family().id()
                + " does not support reference images, got " + given
                + "; leave them out, or use a base that edits images");
      }
      return;
    }
    if (request.isEdit()) {
      editing.requireUsable(request.initialImage().orElseThrow().image().orElseThrow());
    }
    request.referenceImages().images().forEach(editing::requireUsable);
    boolean first = given > 0
        && (request.isEdit()
            || request.initialImage().filter(InitialImage::isMasked).isPresent());
    int all = given + (first ? 1 : 0);
    if (all > editing.maxImages()) {
      throw new IllegalArgumentException(
          "a base of the family " + model.family().id()
              + " takes at most " + editing.maxImages() + " reference image"
              + (editing.maxImages() == 1 ? "" : "s") + ", got " + all
              + (first ? " (the initial image counts as one)" : "")
              + "; leave out the rest");
    }
  }

  /**
   * Refuses prompts of text encoders, token numbers and size conditioning that the base lacks.
   *
   * @throws IllegalArgumentException naming the family and the option
   */
  private void requireInputs(ImageRequest request) {
    PromptOptions prompts = request.prompts();
    TextInputs texts = TextInputs.of(model);
    int last = prompts.encoderPrompts().last();
    if (last > texts.encoders()) {
      throw unsupported(
          "prompt_" + last + " and negative_prompt_" + last,
          "leave them out, because the base accepts prompts for " + texts.encoders()
              + " text encoder"
              + (texts.encoders() == 1 ? "" : "s"));
    }
    if (prompts.maxSequenceLength().orElse(0) > texts.maxLength()) {
      throw texts.maxLength() == 0
          ? unsupported(
              "max_sequence_length", "leave it out, because the base has a fixed sequence length")
          : unsupported(
              "max_sequence_length " + prompts.maxSequenceLength().getAsInt(),
              "use at most " + texts.maxLength());
    }
    SizeInputs sizes = model.capability(SizeInputs.class).orElse(null);
    for (SizeConditioning each : new SizeConditioning[] {
      request.sizeConditioning(),
      request.negativeSizeConditioning().orElse(SizeConditioning.DEFAULT)
    }) {
      double usual = SizeConditioning.DEFAULT.aestheticScore();
      if (sizes == null && !each.aestheticScore(usual).equals(SizeConditioning.DEFAULT)) {
        throw unsupported(
            "size conditioning (original_size, crops_coords_top_left, target_size)",
            "leave it out, because the base does not use sizes");
      }
      if ((sizes == null || !sizes.aestheticScore()) && each.aestheticScore() != usual) {
        throw unsupported("aesthetic_score", "leave it out, because only a refiner uses it");
      }
    }
  }

  private void requireControls(ImageRequest request) {
    if (request.controlImages().isEmpty()) {
      return;
    }
    ControlImages images = model
        .capability(ControlImages.class)
        .orElseThrow(() -> new IllegalArgumentException(
            "this base does not support ControlNets; leave out the control images, or use"
                + " another base"));
    for (List<ControlImage> controls : ControlInput.groupByControlNet(request.controlImages())) {
      LoadedControlNet.of(controls.get(0).controlNet()).requireSameCompute(model.compute());
      if (controls.get(0).isGuess() && !images.supportsGuessMode()) {
        throw unsupported("guess mode (--guess-mode)", "leave it out");
      }
      if (controls.stream().map(ControlImage::isGuess).distinct().count() > 1) {
        throw new IllegalArgumentException(
            "ControlNet " + controls.get(0).controlNet().name()
                + " has control images with and without guess mode; set it for all or for none");
      }
    }
  }

  /** Refuses caching that the network does not support. */
  private void requireCaching(CachingOptions caching) {
    CachePoints points = model.capability(CachePoints.class).orElse(CachePoints.NONE);
    boolean deep = caching.kind() == CachingOptions.Kind.DEEP_CACHE
        || caching.kind() == CachingOptions.Kind.DEEP_FORECAST;
    if (deep && !points.kinds().contains(caching.kind())
        || caching.mergeRatio() > 0 && !points.tokenMerging()) {
      throw new IllegalArgumentException((deep ? "DeepCache" : "token merging")
          + " needs a UNet; use extrapolation for this base");
    }
    if (caching.kind() == CachingOptions.Kind.FIRST_BLOCK
        && !points.kinds().contains(caching.kind())) {
      throw new IllegalArgumentException(
          "the first-block cache needs a transformer with double-stream blocks; use extrapolation"
              + " for this base");
    }
  }

  private void requireGuidance(GuidanceOptions options) {
    if (options.trueCfgScale() != 1 && model.capability(TrueCfg.class).isEmpty()) {
      throw new IllegalArgumentException(
          "true_cfg_scale needs a base with a guidance embedding; use the guidance"
              + " scale for this base");
    }
    if (options.freeU().isPresent()
        && model.capability(Capabilities.FreeU.class).isEmpty()) {
      throw unsupported("FreeU (--freeu)", "leave it out, because it needs a UNet");
    }
    DegradedGuidance degraded = options.degradedGuidance().orElse(null);
    if (degraded == null) {
      return;
    }
    Capabilities.DegradedNetwork known = model
        .capability(Capabilities.DegradedNetwork.class)
        .orElseThrow(() -> unsupported(titleOf(degraded.kind()), "leave it out"));
    if (!known.kinds().contains(degraded.kind())) {
      throw unsupported(
          titleOf(degraded.kind()),
          "use " + titleOf(known.kinds().iterator().next()) + ", or leave it out");
    }
  }

  private static String titleOf(DegradedGuidance.Kind kind) {
    return switch (kind) {
      case SKIP_LAYERS -> "skip-layer guidance (--skip-layers)";
      case PERTURBED_ATTENTION -> "perturbed-attention guidance (--pag-layers)";
    };
  }

  private void requireInpainting(ImageRequest request) {
    boolean usable = request
        .initialImage()
        .filter(initial -> initial.isMasked() && initial.image().isPresent())
        .isPresent();
    if (model.capability(Inpainting.class).isPresent() && !usable) {
      throw new IllegalArgumentException(
          "this base was trained for inpainting and needs an initial image (pixels, not"
              + " latents) with a mask; give both, or use another base");
    }
  }

  /**
   * Refuses windows that the network does not support. Windows do not go with caching or momentum,
   * because a window would continue from another window's prediction.
   *
   * @throws IllegalArgumentException if the network does not support the request's options
   */
  private void requireWindows(ImageRequest request) {
    CachingOptions caching = request.caching();
    if (request.tiling().windows().isPresent()
        && model.capability(TiledSampling.class).isEmpty()) {
      throw new IllegalArgumentException(
          "this base does not support tiled sampling, because its network needs the whole image;"
              + " leave out the windows");
    }
    int factor = model.autoencoder().vaeScaleFactor();
    int side = Math.max(request.width().getAsInt(), request.height().getAsInt()) / factor;
    if (request.tiling().windows().filter(windows -> windows.size() < side).isPresent()
        && !request.controlImages().isEmpty()) {
      throw new IllegalArgumentException(
          "tiled sampling cannot be combined with ControlNets, because a control image shows the"
              + " whole image; turn tiled sampling off, or leave out the ControlNets");
    }
    if (request.tiling().windows().isPresent()
        && model.gradientGuidance(request).stream()
            .flatMap(guidance -> guidance.networkGradient().stream())
            .anyMatch(gradient -> gradient == NetworkGradient.RECOMPUTED)) {
      throw new IllegalArgumentException(
          "tiled sampling cannot be combined with gradient checkpointing;"
              + " keep the activations, or leave the network out of the gradient");
    }
    if (request.tiling().windows().isPresent()
        && (caching.kind() != CachingOptions.Kind.NONE
            || request.guidanceOptions().formula().hasMomentum())) {
      throw new IllegalArgumentException(
          "tiled sampling cannot be combined with guidance with momentum, or with caching other than"
              + " token merging; turn tiled sampling off, or turn off momentum and caching");
    }
  }

  /** An error for an option that the base's family does not support. */
  private IllegalArgumentException unsupported(String option, String advice) {
    return new IllegalArgumentException("a base of the family " + model.family().id()
        + " does not support " + option + "; " + advice);
  }
}
