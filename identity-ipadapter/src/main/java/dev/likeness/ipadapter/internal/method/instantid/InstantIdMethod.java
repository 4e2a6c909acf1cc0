package dev.likeness.ipadapter.internal.method.instantid;

import dev.likeness.diffusion.catalogue.CatalogueModel.Commercial;
import dev.likeness.diffusion.catalogue.CatalogueModel.Licence;
import dev.likeness.diffusion.internal.adapter.ControlTokens;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterKeys;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.KeyValueAdapter;
import dev.likeness.ipadapter.internal.method.PublishedFile;
import dev.likeness.ipadapter.internal.method.PublishedFile.Part;
import dev.likeness.ipadapter.internal.method.Recogniser;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.internal.projection.ResamplerProjection;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import java.util.List;
import java.util.Optional;

/**
 * InstantID (Wang et al. 2024, arXiv:2401.07519): a resampler over a face embedding that is not
 * normalised to unit length, and a ControlNet that attends to the resampler's tokens in place of
 * the prompt. Same results as {@code StableDiffusionXLInstantIDPipeline}.
 */
public record InstantIdMethod() implements IdentityMethod {
  /**
   * The length of face embeddings. No image encoder has tokens of this width, and of Portrait
   * adapters, which have the same layout, the file name tells.
   */
  private static final int FACE_WIDTH = 512;
  /** The side in pixels of the aligned faces that the face embedder gets. */
  private static final int SIDE = 112;
  /** The weight of the adapter, and the scale of the ControlNet. */
  private static final double SCALE = 0.8;

  private static final String CONTROL_NET = "ControlNetModel";

  @Override
  public String id() {
    return "instantid";
  }

  @Override
  public String word() {
    return id();
  }

  @Override
  public Defaults defaults() {
    return Defaults.ofWeight(SCALE);
  }

  @Override
  public String title() {
    return "InstantID adapter";
  }

  @Override
  public String lookalike() {
    return "; or, if the file is an unnormalised FaceID Portrait, which has the same layout, put"
        + " unnorm into its name";
  }

  @Override
  public ModelFamily family() {
    return FamilyRegistry.STABLE_DIFFUSION;
  }

  @Override
  public Optional<AdapterLayout> recognise(AdapterKeys keys) {
    return keys.hasResampler() && keys.columns("proj_in.weight") == FACE_WIDTH
        ? Optional.of(keys.faceResampler(this))
        : Optional.empty();
  }

  @Override
  public List<PublishedFile> publishedFiles() {
    return List.of(
        new PublishedFile(Part.ADAPTER, "ip-adapter.bin", "instantid"),
        new PublishedFile(Part.CONTROL_NET, CONTROL_NET, "instantid-controlnet"));
  }

  @Override
  public Optional<Licence> licence() {
    return Optional.of(new Licence(
        "Apache-2.0; its authors say that the weights are for research only", Commercial.NO));
  }

  @Override
  public ImageInput imageInput() {
    return ImageInput.NONE;
  }

  @Override
  public Optional<FaceInput> faceInput(long contextWidth) {
    return Optional.of(new FaceInput(true, SIDE, Recogniser.ANTELOPE));
  }

  @Override
  public String authorsDetector() {
    return "SCRFD, the largest face";
  }

  @Override
  public String fidelity() {
    return "ControlNet at " + SCALE;
  }

  @Override
  public LoraPart loraPart() {
    return LoraPart.NONE;
  }

  @Override
  public Optional<OwnControlNet> controlNet() {
    return Optional.of(new OwnControlNet(CONTROL_NET, SCALE, false));
  }

  @Override
  public ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale) {
    return ResamplerProjection.ofFace(
        w, layout.resampler(), layout.tokens(), layout.faceWidth(), layout.contextWidth());
  }

  @Override
  public Opened open(
      AdapterLayout layout, AdapterSites sites, LoadedWeights weights, Compute compute) {
    return new KeyValueAdapter(layout, sites, weights, compute) {
      @Override
      public Optional<ControlTokens> controlTokens(
          ReferenceEmbeddings references, Optional<ReferenceEmbeddings> negative) {
        return Optional.of(ControlTokens.ofSameLength(
            negative
                .map(unlike -> tokens(unlike, false, Double.NaN))
                .orElseGet(() -> tokens(references, true, Double.NaN)),
            tokens(references, false, Double.NaN)));
      }
    };
  }
}
