package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.AttentionLayers;
import dev.likeness.diffusion.internal.family.CachePoints;
import dev.likeness.diffusion.internal.family.Capabilities;
import dev.likeness.diffusion.internal.family.Capabilities.TiledSampling;
import dev.likeness.diffusion.internal.family.Capabilities.TrueCfg;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.ControlImages;
import dev.likeness.diffusion.internal.family.Editing;
import dev.likeness.diffusion.internal.family.Inpainting;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.sampling.GuidedPredictor;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import java.util.Optional;

/**
 * Asks an opened model what the stages of a generation want to know: an absent capability becomes a
 * default, or a refusal of the request. Knows no family.
 */
public record PipelineModel(OpenModel model) {

  public boolean isGuided(ImageRequest request) {
    return model.guidanceScale(request) > 1;
  }

  public boolean supportsTiledSampling() {
    return model.capability(TiledSampling.class).isPresent();
  }

  public Optional<Editing> editing() {
    return model.capability(Editing.class);
  }

  public Optional<Inpainting> inpainting() {
    return model.capability(Inpainting.class);
  }

  public ControlImages controlImages() {
    return model
        .capability(ControlImages.class)
        .orElseThrow(
            () -> new IllegalArgumentException(
                "there are no ControlNets for this kind of base; generate without, or with a base that has some"));
  }

  /** The image whose size a request has that asks for none; null where it is the model's own. */
  public RgbImage sizeReference(ImageRequest request) {
    return model.latents().sizeReference(request, editing().orElse(null));
  }

  /** Refuses caching that the network has no place for. */
  public void requireCaching(CachingOptions caching) {
    CachePoints points = model.capability(CachePoints.class).orElse(CachePoints.NONE);
    boolean deep = caching.kind() == CachingOptions.Kind.DEEP_CACHE
        || caching.kind() == CachingOptions.Kind.DEEP_FORECAST;
    if (deep && !points.kinds().contains(caching.kind())
        || caching.mergeRatio() > 0 && !points.tokenMerging()) {
      throw new IllegalArgumentException((deep ? "DeepCache is" : "token merging is")
          + " for UNets; approximate a transformer by extrapolation");
    }
    if (caching.kind() == CachingOptions.Kind.FIRST_BLOCK
        && !points.kinds().contains(caching.kind())) {
      throw new IllegalArgumentException(
          "the first-block cache is for transformers with blocks of two streams; approximate this"
              + " model by extrapolation");
    }
  }

  /** The network for a batch, guidance included; it belongs to the calling scope. */
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
          "a second guidance scale is for bases whose network has guidance of its own; give "
              + "this model the first");
    }
    DegradedGuidance degraded = options.degradedGuidance();
    if (degraded == null) {
      return;
    }
    Capabilities.DegradedNetwork known = model
        .capability(Capabilities.DegradedNetwork.class)
        .orElseThrow(() -> new IllegalArgumentException(
            "this base knows no guidance away from a weakened network; ask without"));
    if (!known.kinds().contains(degraded.kind())) {
      throw new IllegalArgumentException(
          "skip-layer guidance is for transformers; a UNet has perturbed attention");
    }
  }
}
