package dev.likeness.ipadapter.internal.method.photomaker;

import dev.likeness.diffusion.catalogue.CatalogueModel.Commercial;
import dev.likeness.diffusion.catalogue.CatalogueModel.Licence;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.attention.FaceIdLora;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.file.FaceIdLoraFile;
import dev.likeness.ipadapter.internal.method.AdapterKeys;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.PublishedFile;
import dev.likeness.ipadapter.internal.method.PublishedFile.Part;
import dev.likeness.ipadapter.internal.method.Recogniser;
import dev.likeness.ipadapter.internal.projection.FacePerceiver;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * PhotoMaker for SDXL (Li et al. 2023, arXiv:2312.04461): merges embeddings of photos into the
 * class word of the prompt. Its file has a vision tower, a fuse module and a LoRA. Version 2 also
 * needs face embeddings.
 *
 * @param usesFaces true for version 2
 */
public record PhotoMakerMethod(boolean usesFaces) implements IdentityMethod {
  static final String ENCODER = "id_encoder";
  private static final String LORA = "lora_weights.";
  /** The share of the steps before the identity is merged: 10 of 50 in the published pipeline. */
  private static final double START = 0.2;

  @Override
  public String id() {
    return usesFaces ? "photomaker-v2" : "photomaker";
  }

  @Override
  public String word() {
    return "photomaker";
  }

  @Override
  public Defaults defaults() {
    return new Defaults(OptionalDouble.of(1), START);
  }

  @Override
  public String title() {
    return usesFaces ? "PhotoMaker v2" : "PhotoMaker";
  }

  @Override
  public String named() {
    return "a " + title() + " adapter";
  }

  @Override
  public ModelFamily family() {
    return FamilyRegistry.STABLE_DIFFUSION;
  }

  @Override
  public boolean hasOwnKeys(TensorNames file) {
    return file.names().stream()
        .anyMatch(name -> name.startsWith(ENCODER + ".") || name.startsWith(LORA));
  }

  @Override
  public Optional<AdapterLayout> recognise(AdapterKeys keys) {
    TensorNames file = keys.names();
    if (!hasOwnKeys(file)) {
      return Optional.empty();
    }
    boolean isSecond = file.hasModule(ENCODER + ".qformer_perceiver");
    if (isSecond != usesFaces) {
      return Optional.empty();
    }
    for (String part : List.of(ENCODER, "lora_weights")) {
      if (!file.hasModule(part)) {
        throw new InvalidInputException(
            file.describe() + " is " + named() + " without its part " + part + "; give "
                + publishedFiles().get(0).name() + publishedFiles().get(0).where());
      }
    }
    ShapeReader shapes = new ShapeReader(file, ENCODER + ".", "encoder of " + title());
    return Optional.of(new AdapterLayout(
        this,
        usesFaces
            ? FacePerceiver.Shape.of(file, ENCODER + ".qformer_perceiver.").tokens()
            : 1,
        shapes.size("fuse_module.layer_norm.weight", 0),
        shapes.size("visual_projection.weight", 1),
        usesFaces ? shapes.size("qformer_perceiver.token_proj.0.weight", 1) : 0,
        0,
        null,
        List.of(),
        true));
  }

  @Override
  public List<PublishedFile> publishedFiles() {
    return List.of(new PublishedFile(
        Part.ADAPTER, usesFaces ? "photomaker-v2.bin" : "photomaker-v1.bin", id()));
  }

  @Override
  public Optional<Licence> licence() {
    return Optional.of(new Licence("Apache-2.0", Commercial.YES));
  }

  @Override
  public ImageInput imageInput() {
    return ImageInput.OWN_ENCODER;
  }

  @Override
  public UnconditionalInput unconditionalInput() {
    return UnconditionalInput.ZEROS;
  }

  /** The whole photo, and the face embedding that is not normalised. */
  @Override
  public Optional<FaceInput> faceInput(long contextWidth) {
    return usesFaces
        ? Optional.of(new FaceInput(true, FaceInput.WHOLE_PHOTO, Recogniser.BUFFALO_L))
        : Optional.empty();
  }

  @Override
  public String authorsDetector() {
    return usesFaces ? "SCRFD, the first face" : "";
  }

  @Override
  public String fidelity() {
    return "its LoRA at full strength";
  }

  @Override
  public LoraPart loraPart() {
    return LoraPart.OPTIONAL;
  }

  @Override
  public boolean isReadApart(String name) {
    return name.startsWith(LORA) || name.endsWith(".position_ids");
  }

  @Override
  public FaceIdLora openLora(
      TensorSource file, AdapterSites base, boolean isWhole, Compute compute) {
    TensorSource factors = RenamedSource.of(
        file, name -> name.startsWith(LORA) ? name.substring(LORA.length()) : null);
    return new FaceIdLora(
        FaceIdLoraFile.of(factors, base, "the LoRA of " + title(), "give the published file"),
        base,
        isWhole,
        compute);
  }

  /** It acts on the prompt and on no attention. */
  @Override
  public AdapterSites sites(AdapterSites all) {
    return all.withoutAttentions();
  }

  @Override
  public Set<Setting> missingSettings() {
    return Set.of(Setting.MASK, Setting.NEGATIVE, Setting.BLOCK_WEIGHTS, Setting.REFERENCE_WEIGHTS);
  }

  /** Words that already end in the trigger word stay: files of persons have them. */
  @Override
  public String phrase(String words) {
    String trigger = " " + MergedPrompt.TRIGGER;
    return words.endsWith(trigger) ? words : words + trigger;
  }

  @Override
  public ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale) {
    throw new IllegalStateException(title() + " has no image projection");
  }

  @Override
  public Opened open(
      AdapterLayout layout, AdapterSites sites, LoadedWeights weights, Compute compute) {
    return new PhotoMakerAdapter(layout, weights, compute);
  }
}
