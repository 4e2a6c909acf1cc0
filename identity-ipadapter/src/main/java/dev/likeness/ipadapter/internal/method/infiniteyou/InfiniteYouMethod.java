package dev.likeness.ipadapter.internal.method.infiniteyou;

import dev.likeness.diffusion.catalogue.CatalogueModel.Commercial;
import dev.likeness.diffusion.catalogue.CatalogueModel.Licence;
import dev.likeness.diffusion.internal.adapter.ControlTokens;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterKeys;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.ImageTokens;
import dev.likeness.ipadapter.internal.method.PublishedFile;
import dev.likeness.ipadapter.internal.method.PublishedFile.Part;
import dev.likeness.ipadapter.internal.method.Recogniser;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import dev.likeness.ipadapter.internal.projection.ResamplerProjection;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * InfiniteYou for FLUX.1 (Jiang et al. 2025, arXiv:2503.16418): a resampler over a face embedding,
 * and a ControlNet, InfuseNet, that attends to the resampler's tokens in place of the prompt. Acts
 * on no attention of the base. Same results as {@code FluxInfuseNetPipeline}.
 */
public record InfiniteYouMethod() implements IdentityMethod {
  private static final int FACE_WIDTH = 512;
  private static final String QUERIES = "image_proj.latents";
  private static final String FACE_LAYER = "image_proj.proj_in.weight";
  /** The side in pixels of the aligned faces that the face embedder gets. */
  private static final int SIDE = 112;
  /** The guidance scale that InfuseNet takes at every guidance scale of the base. */
  private static final double CONTROL_GUIDANCE = 1;

  private static final String CONTROL_NET = "InfuseNetModel";

  @Override
  public String id() {
    return "infiniteyou";
  }

  @Override
  public String word() {
    return id();
  }

  @Override
  public Defaults defaults() {
    return Defaults.ofWeight(1);
  }

  @Override
  public List<PublishedFile> publishedFiles() {
    return List.of(
        new PublishedFile(Part.ADAPTER, "image_proj_model.bin", "infiniteyou"),
        new PublishedFile(Part.CONTROL_NET, CONTROL_NET, "infusenet"));
  }

  @Override
  public Optional<Licence> licence() {
    return Optional.of(new Licence("CC BY-NC 4.0, research only", Commercial.NO));
  }

  @Override
  public String title() {
    return "InfiniteYou adapter";
  }

  @Override
  public ModelFamily family() {
    return FamilyRegistry.FLUX;
  }

  /** A resampler of face embeddings alone, without keys and values of attentions. */
  @Override
  public boolean hasOwnKeys(TensorNames file) {
    return file.has(QUERIES)
        && file.has(FACE_LAYER)
        && file.shape(FACE_LAYER).length == 2
        && file.shape(FACE_LAYER)[1] == FACE_WIDTH
        && file.names().stream().allMatch(name -> name.startsWith("image_proj."));
  }

  @Override
  public Optional<AdapterLayout> recognise(AdapterKeys keys) {
    return hasOwnKeys(keys.names()) ? Optional.of(keys.faceResampler(this)) : Optional.empty();
  }

  @Override
  public ImageInput imageInput() {
    return ImageInput.NONE;
  }

  @Override
  public Optional<FaceInput> faceInput(long contextWidth) {
    return Optional.of(new FaceInput(false, SIDE, Recogniser.IR_SE_50));
  }

  @Override
  public String authorsDetector() {
    return "SCRFD at 640, 320 or 160 pixels, the largest face";
  }

  @Override
  public String fidelity() {
    return "ControlNet at 1.0";
  }

  @Override
  public LoraPart loraPart() {
    return LoraPart.NONE;
  }

  @Override
  public Optional<OwnControlNet> controlNet() {
    return Optional.of(new OwnControlNet(CONTROL_NET, 1, true));
  }

  @Override
  public AdapterSites sites(AdapterSites all) {
    return all.withoutAttentions();
  }

  /** Residuals of the ControlNet apply to whole images, and to the prediction with the prompt. */
  @Override
  public Set<Setting> missingSettings() {
    return Set.of(Setting.MASK, Setting.NEGATIVE, Setting.BLOCK_WEIGHTS, Setting.REFERENCE_WEIGHTS);
  }

  @Override
  public ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale) {
    return ResamplerProjection.ofFace(
        w, layout.resampler(), layout.tokens(), layout.faceWidth(), layout.contextWidth());
  }

  @Override
  public Opened open(
      AdapterLayout layout, AdapterSites sites, LoadedWeights weights, Compute compute) {
    return new Adapter(
        new ImageTokens(layout, layout.projection(Weights.of(weights), Double.NaN), compute));
  }

  /** The weights of an opened adapter; they are read with its projection. */
  private record Adapter(ImageTokens maker) implements Opened {
    @Override
    public Optional<ControlTokens> controlTokens(
        ReferenceEmbeddings references, Optional<ReferenceEmbeddings> negative) {
      return Optional.of(ControlTokens.ofPromptAlone(maker.of(references), CONTROL_GUIDANCE));
    }
  }
}
