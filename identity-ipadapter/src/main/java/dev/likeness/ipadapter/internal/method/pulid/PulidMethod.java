package dev.likeness.ipadapter.internal.method.pulid;

import dev.likeness.diffusion.catalogue.CatalogueModel.Commercial;
import dev.likeness.diffusion.catalogue.CatalogueModel.Licence;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.method.AdapterKeys;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.PublishedFile;
import dev.likeness.ipadapter.internal.method.PublishedFile.Part;
import dev.likeness.ipadapter.internal.method.Recogniser;
import dev.likeness.ipadapter.internal.projection.IdFormer;
import dev.likeness.ipadapter.internal.projection.ImageProjection;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * PuLID (Guo et al. 2024, arXiv:2404.16022): tokens of a person from a face embedding and from the
 * features of the face in grey. In SDXL (v1.1), the attentions attend to them; in FLUX.1 (v0.9.0
 * and v0.9.1), cross-attentions behind every second double block and every fourth single block do.
 * The files for FLUX.1 also serve Chroma, which has FLUX.1's blocks, as in the node
 * {@code ApplyPulidFlux} of ComfyUI-PuLID-Flux-Chroma.
 *
 * @param isForFlux false for SDXL
 */
public record PulidMethod(boolean isForFlux) implements IdentityMethod {
  static final String XL_ENCODER = "id_adapter";
  static final String XL_ATTENTIONS = "id_adapter_attn_layers";
  static final String FLUX_ENCODER = "pulid_encoder";
  static final String FLUX_ATTENTIONS = "pulid_ca";

  private static final int DOUBLE_INTERVAL = 2;
  private static final int SINGLE_INTERVAL = 4;
  // As the published apps: 0.8 for SDXL, 1 for FLUX.1.
  private static final double XL_WEIGHT = 0.8;
  private static final Pattern BLOCK =
      Pattern.compile("(single_)?transformer_blocks\\.(\\d+)\\.attn");
  private static final Pattern KEY_WEIGHT =
      Pattern.compile(XL_ATTENTIONS + "\\.(\\d{1,6})\\.id_to_k\\.weight");

  @Override
  public String id() {
    return isForFlux ? "pulid-" + family().id() : "pulid";
  }

  @Override
  public String title() {
    return isForFlux ? "PuLID adapter for transformers" : "PuLID adapter";
  }

  @Override
  public String named() {
    return "a " + title();
  }

  @Override
  public String word() {
    return "pulid";
  }

  @Override
  public Defaults defaults() {
    return Defaults.ofWeight(isForFlux ? 1 : XL_WEIGHT);
  }

  @Override
  public ModelFamily family() {
    return isForFlux ? FamilyRegistry.FLUX : FamilyRegistry.STABLE_DIFFUSION;
  }

  @Override
  public Set<ModelFamily> families() {
    return isForFlux
        ? Set.of(FamilyRegistry.FLUX, FamilyRegistry.CHROMA)
        : Set.of(FamilyRegistry.STABLE_DIFFUSION);
  }

  private String encoder() {
    return isForFlux ? FLUX_ENCODER : XL_ENCODER;
  }

  /** Version 1 for SDXL has an encoder of another kind, without trained queries. */
  @Override
  public boolean hasOwnKeys(TensorNames file) {
    return file.has(encoder() + ".latents") || !isForFlux && isOfCommunity(file);
  }

  /** The node of ComfyUI-PuLID-Flux2 does not read these attentions of its own files. */
  private static boolean isOfCommunity(TensorNames file) {
    return file.hasModule("pulid_ca_double");
  }

  @Override
  public Optional<AdapterLayout> recognise(AdapterKeys keys) {
    TensorNames file = keys.names();
    if (!hasOwnKeys(file)) {
      return Optional.empty();
    }
    if (isOfCommunity(file)) {
      throw new InvalidInputException(file.describe() + " is a PuLID adapter of a community, which"
          + " is not supported; give the photos as reference images (--image) to the base that it"
          + " was made for, or give "
          + new PulidMethod(true).publishedFiles().get(0).name()
          + " with its base");
    }
    IdFormer.Shape shape = IdFormer.Shape.of(file, encoder() + ".");
    return Optional.of(new AdapterLayout(
        this,
        shape.queries(),
        shape.contextWidth(),
        shape.featureWidth(),
        FaceTokens.FACE_WIDTH,
        isForFlux
            ? new ShapeReader(file, FLUX_ATTENTIONS + ".0.", title()).size("to_q.weight", 0)
            : 0,
        null,
        isForFlux ? fluxWidths(file) : xlWidths(file),
        false));
  }

  private List<Long> fluxWidths(TensorNames file) {
    ShapeReader shapes = new ShapeReader(file, "", title());
    int count = shapes.count(FLUX_ATTENTIONS + ".");
    long width = shapes.size(FLUX_ATTENTIONS + ".0.to_q.weight", 1);
    return Collections.nCopies(count, width);
  }

  private static List<Long> xlWidths(TensorNames file) {
    Map<Integer, Long> widths = new TreeMap<>();
    for (String name : file.names()) {
      Matcher key = KEY_WEIGHT.matcher(name);
      if (key.matches()) {
        widths.put(Integer.parseInt(key.group(1)), file.shape(name)[0]);
      }
    }
    return new ArrayList<>(widths.values());
  }

  @Override
  public List<PublishedFile> publishedFiles() {
    return List.of(
        new PublishedFile(
            Part.ADAPTER,
            isForFlux ? "pulid_" + family().id() + "_v0.9.1.safetensors" : "pulid_v1.1.safetensors",
            id()),
        new PublishedFile(Part.IMAGE_ENCODER, "EVA02_CLIP_L_336_psz14_s6B.pt", "eva02-clip-l-336"),
        new PublishedFile(
            Part.FACE_PARSER,
            "parsing_bisenet.pth",
            "https://github.com/xinntao/facexlib/releases/download/v0.2.0/parsing_bisenet.pth"));
  }

  @Override
  public Optional<Licence> licence() {
    return Optional.of(new Licence("Apache-2.0", Commercial.YES));
  }

  @Override
  public ImageInput imageInput() {
    return ImageInput.FACE_FEATURES;
  }

  @Override
  public UnconditionalInput unconditionalInput() {
    return UnconditionalInput.ZEROS;
  }

  @Override
  public Optional<FaceInput> faceInput(long contextWidth) {
    return Optional.of(new FaceInput(true, FaceInput.FFHQ, Recogniser.ANTELOPE));
  }

  @Override
  public String authorsDetector() {
    return "SCRFD, the largest face; for the features RetinaFace, the face nearest to the centre";
  }

  @Override
  public String fidelity() {
    return isForFlux
        ? "none; start after 0 to 4 of 20 steps"
        : PulidXlAdapter.ZEROS + " tokens of zeros, ORTHO_v2";
  }

  @Override
  public LoraPart loraPart() {
    return LoraPart.NONE;
  }

  /** All photos make tokens together, so that none counts more. */
  @Override
  public Set<Setting> missingSettings() {
    return Set.of(Setting.REFERENCE_WEIGHTS);
  }

  @Override
  public boolean usesContextWidth() {
    return !isForFlux;
  }

  /** In FLUX.1, the blocks that an addition follows. */
  @Override
  public AdapterSites sites(AdapterSites all) {
    if (!isForFlux || all.isUnet()) {
      return all;
    }
    List<Integer> kept = IntStream.range(0, all.paths().size())
        .filter(t -> isFollowed(all.paths().get(t)))
        .boxed()
        .toList();
    return new AdapterSites(
        all.name(),
        all.family(),
        kept.stream().map(all.paths()::get).toList(),
        kept.stream().map(all.widths()::get).toList(),
        all.contextWidth(),
        all.headDim());
  }

  private static boolean isFollowed(String attention) {
    Matcher block = BLOCK.matcher(attention);
    return block.matches()
        && Integer.parseInt(block.group(2))
                % (block.group(1) == null ? DOUBLE_INTERVAL : SINGLE_INTERVAL)
            == 0;
  }

  @Override
  public String module(AdapterSites sites, int t) {
    return isForFlux ? sites.paths().get(t).replace(".attn", "") : sites.attention(t);
  }

  @Override
  public ImageProjection projection(AdapterLayout layout, Weights w, double shortcutScale) {
    throw new IllegalStateException(title() + " has no image projection of one photo");
  }

  @Override
  public Opened open(
      AdapterLayout layout, AdapterSites sites, LoadedWeights weights, Compute compute) {
    return isForFlux
        ? new PulidFluxAdapter(layout, sites, weights, compute)
        : new PulidXlAdapter(layout, sites, weights, compute);
  }
}
