package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.AttentionLayers;
import dev.likeness.diffusion.internal.family.Capabilities;
import dev.likeness.diffusion.internal.family.Capabilities.CachePoints;
import dev.likeness.diffusion.internal.family.Capabilities.ControlImages;
import dev.likeness.diffusion.internal.family.Capabilities.Editing;
import dev.likeness.diffusion.internal.family.Capabilities.Inpainting;
import dev.likeness.diffusion.internal.family.Capabilities.SizeInputs;
import dev.likeness.diffusion.internal.family.Capabilities.TextInputs;
import dev.likeness.diffusion.internal.family.Capabilities.TiledSampling;
import dev.likeness.diffusion.internal.family.Capabilities.TrueCfg;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.sampling.GuidedPredictor;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.diffusion.request.ReferenceImages;
import dev.likeness.diffusion.request.SizeConditioning;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.Latents;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/**
 * An opened model as the stages use it: an absent capability becomes a default, or an error for the
 * request. It does not depend on any family.
 *
 * @param notices facts about the model's files that each generation reports
 * @param encoded latents of the reference images of earlier generations
 */
public record PipelineModel(OpenModel model, List<String> notices, EncodedReferences encoded) {
  /** A model without notices. */
  public PipelineModel(OpenModel model) {
    this(model, List.of(), new EncodedReferences());
  }

  public boolean isGuided(ImageRequest request) {
    return model.guidanceScale(request) > 1;
  }

  public boolean supportsTiledSampling() {
    return model.capability(TiledSampling.class).isPresent();
  }

  public Optional<Editing> editing() {
    return model.capability(Editing.class);
  }

  /**
   * Returns the latents of the reference images of a request: an edited initial image, then the
   * others. The calling scope owns them.
   *
   * @param encoder encodes an image of the size that the network takes
   */
  public List<Tensor> references(ImageRequest request, Function<RgbImage, Tensor> encoder) {
    Editing editing = editing().orElse(null);
    if (editing == null || request.referenceImages().strength() == 0) {
      return List.of();
    }
    List<Tensor> latents = new ArrayList<>();
    if (request.isEdit()) {
      InitialImage initial = request.initialImage().orElseThrow();
      boolean own = initial.keepsSize();
      latents.add(encoded.of(
          initial.image().orElseThrow(),
          own,
          0,
          model.compute(),
          image -> encoder.apply(editing.prepare(image, own))));
    }
    ReferenceImages others = request.referenceImages();
    for (RgbImage other : others.images()) {
      latents.add(encoded.of(
          other,
          false,
          others.maxPixels().orElse(0),
          model.compute(),
          image -> encoder.apply(editing.prepare(others.limitSize(image), false))));
    }
    return latents;
  }

  /** Refuses reference images that the network cannot take. */
  public void requireReferences(ImageRequest request) {
    int given = request.referenceImages().images().size();
    Editing editing = editing().orElse(null);
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

  public Optional<Inpainting> inpainting() {
    return model.capability(Inpainting.class);
  }

  public ControlImages controlImages() {
    return model
        .capability(ControlImages.class)
        .orElseThrow(() -> new IllegalArgumentException(
            "this base does not support ControlNets; leave out the control images, or use"
                + " another base"));
  }

  /** The image that a request without a size takes its size from; null for the model's default. */
  public RgbImage sizeReference(ImageRequest request) {
    return model.latents().sizeReference(request, editing().orElse(null));
  }

  /**
   * Refuses prompts of text encoders, token numbers and size conditioning that the base lacks.
   *
   * @throws IllegalArgumentException naming the family and the option
   */
  public void requireInputs(ImageRequest request) {
    PromptOptions prompts = request.prompts();
    TextInputs texts = textInputs();
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

  TextInputs textInputs() {
    return model.capability(TextInputs.class).orElse(TextInputs.ONE);
  }

  /** Refuses caching that the network does not support. */
  public void requireCaching(CachingOptions caching) {
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

  /** The network for a batch, with guidance. It belongs to the calling scope. */
  public Predictor network(ConditionedBatch batch, PreparedLatents latents) {
    ImageRequest request = batch.request();
    requireGuidance(request.guidanceOptions());
    boolean together =
        AttentionLayers.of(model, model.denoiser()).hasBranches(batch.adaptation(model.denoiser()));
    return new GuidedPredictor(
            request.guidanceOptions(), model.guidanceScale(request), batch.rows(), together)
        .guide(model.network(batch, latents));
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

  /** An error for an option that the base's family does not support. */
  IllegalArgumentException unsupported(String option, String advice) {
    return new IllegalArgumentException("a base of the family " + model.family().id()
        + " does not support " + option + "; " + advice);
  }

  /**
   * The latents of reference images, so that the images of a shoot encode each one once. They are
   * freed with the image of the request.
   */
  public static final class EncodedReferences {
    private final Map<RgbImage, Entry> entries = new WeakHashMap<>();

    private record Entry(boolean ownSize, int maxPixels, Latents latents, DType type) {}

    private synchronized Tensor of(
        RgbImage image,
        boolean ownSize,
        int maxPixels,
        Compute compute,
        Function<RgbImage, Tensor> encoder) {
      Entry entry = entries.get(image);
      if (entry != null && entry.ownSize == ownSize && entry.maxPixels == maxPixels) {
        return Tensors.toDevice(compute, entry.latents.toTensor())
            .to(Tensors.scalarType(entry.type));
      }
      Tensor latents = encoder.apply(image);
      entries.put(
          image, new Entry(ownSize, maxPixels, Latents.of(latents), Tensors.dtype(latents)));
      return latents;
    }
  }
}
