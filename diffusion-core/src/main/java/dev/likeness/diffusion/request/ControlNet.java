package dev.likeness.diffusion.request;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.flux.FluxConfig;
import dev.likeness.diffusion.internal.family.flux.FluxControlNetModel;
import dev.likeness.diffusion.internal.family.stablediffusion.ControlNetConfig;
import dev.likeness.diffusion.internal.family.stablediffusion.ControlNetModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConfig;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetControlNet;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.ComponentFile;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A ControlNet of Stable Diffusion 1.x, 2.x, XL or FLUX.1, opened and checked. Shared by threads
 * and by requests.
 */
public final class ControlNet implements AutoCloseable {
  private static final String TASKS = "task_embedding";
  /** The third is the name of its authors' own class. */
  private static final Set<String> OF_UNETS =
      Set.of("ControlNetModel", "ControlNetUnionModel", "ControlNetModel_Union");

  private final String name;
  private final Compute compute;
  private final LoadedWeights weights;
  private final ControlNetConfig unet;
  private final FluxControlNetModel.Config flux;
  private final UsageLock uses;

  private ControlNet(
      String name,
      Compute compute,
      LoadedWeights weights,
      ControlNetConfig unet,
      FluxControlNetModel.Config flux) {
    this.name = name;
    this.compute = compute;
    this.weights = weights;
    this.unet = unet;
    this.flux = flux;
    this.uses = new UsageLock("ControlNet " + name);
  }

  /**
   * Opens a diffusers folder, a file of it with its {@code config.json} beside it, or a file of
   * Stable Diffusion's in its authors' naming, and checks every tensor.
   *
   * @throws InvalidInputException when something is missing, broken, or of a class other than
   *     {@code ControlNetModel}, {@code ControlNetUnionModel} and {@code FluxControlNetModel}
   */
  public static ControlNet open(Path path, Compute compute) {
    ComponentFile part = ComponentFile.find(null, "controlnet", path);
    boolean ofFlux = part.className().equals("FluxControlNetModel");
    if (!ofFlux && !OF_UNETS.contains(part.className())) {
      throw new InvalidInputException(path + " is a " + part.className()
          + "; supported: ControlNetModel, ControlNetUnionModel, FluxControlNetModel");
    }
    FluxControlNetModel.Config flux = ofFlux ? FluxControlNetModel.Config.of(part.config()) : null;
    LoadedWeights weights = new LoadedWeights(part.weights().get(), compute);
    try {
      ControlNetConfig unet = ofFlux ? null : ControlNetConfig.of(counted(part.config(), weights));
      weights.check(
          w -> {
            if (ofFlux) {
              new FluxControlNetModel(flux, w);
            } else {
              new ControlNetModel(unet, w);
            }
          },
          Set.of());
      return new ControlNet(String.valueOf(path.getFileName()), compute, weights, unet, flux);
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  /**
   * A union's config need not say how many kinds it knows: a row of its weights stands for each.
   */
  private static ModelConfig counted(ModelConfig config, LoadedWeights weights) {
    if (config.has("num_control_type") || !weights.has(TASKS)) {
      return config;
    }
    Map<String, Object> options = new LinkedHashMap<>(config.values());
    options.put("num_control_type", (int) weights.shape(TASKS)[0]);
    return ModelConfig.of(options, config.where());
  }

  /**
   * Refuses a base that computes elsewhere or in another type.
   *
   * @throws IllegalArgumentException saying in which both do
   */
  public void require(Compute base) {
    if (!canonical(base).equals(canonical(compute))) {
      throw new IllegalArgumentException("ControlNet " + name + " computes on " + compute
          + ", the base on " + base + "; open both with the same Compute");
    }
  }

  // A card without a number is the first.
  private static String canonical(Compute compute) {
    return compute.toString().replace("cuda:0 ", "cuda ");
  }

  /**
   * Whether it looks at latents of the picture, as FLUX's do that have no layers of their own for
   * pixels.
   */
  public boolean looksAtLatents() {
    return flux != null && flux.hintChannels() == 0;
  }

  /**
   * The network beside a UNet of this shape.
   *
   * @throws IllegalArgumentException when it was made for another
   */
  public ControlNetModel beside(UNetConfig base) {
    if (unet == null
        || !channels(unet.unet()).equals(channels(base))
        || (unet.unet().timeIds() == null) != (base.timeIds() == null)
        || unet.unet().levels().get(0).contextWidth() != base.levels().get(0).contextWidth()) {
      throw new IllegalArgumentException("ControlNet " + name + " is for "
          + (unet == null
              ? "FLUX"
              : "a UNet of widths " + channels(unet.unet()) + " and text of "
                  + unet.unet().levels().get(0).contextWidth())
          + ", the base is a UNet of widths " + channels(base) + " and text of "
          + base.levels().get(0).contextWidth()
          + "; give one made for this base");
    }
    return new ControlNetModel(unet, Weights.of(weights));
  }

  /** The network beside a FLUX transformer of this shape; as above. */
  public FluxControlNetModel beside(FluxConfig base) {
    if (flux == null
        || flux.trunk().width() != base.width()
        || flux.trunk().textWidth() != base.textWidth()
        || flux.trunk().inChannels() != base.outChannels()) {
      throw new IllegalArgumentException("ControlNet " + name + " is for "
          + (flux == null ? "a UNet" : "a transformer of width " + flux.trunk().width())
          + ", the base is FLUX of width " + base.width()
          + "; give one made for this base");
    }
    return new FluxControlNetModel(flux, Weights.of(weights));
  }

  /** How many kinds of pictures it is told apart by number; 0 when it is told nothing. */
  public int modes() {
    return kinds().count();
  }

  /**
   * The number of a kind of pictures.
   *
   * @param kind its name, as openpose, depth, canny of union ControlNets of SDXL, or the number
   *     itself
   * @throws IllegalArgumentException naming those that it knows
   */
  public int mode(String kind) {
    if (kind.matches("-?\\d{1,9}")) {
      return Integer.parseInt(kind);
    }
    return kinds()
        .number(kind)
        .orElseThrow(() -> new IllegalArgumentException(
            "ControlNet " + name + " knows " + kinds().count()
                + " kinds of pictures, none called \"" + kind + "\"; " + kinds().advice()));
  }

  /**
   * Refuses to be shown a picture of whose kind nothing is said, where it is told.
   *
   * @throws IllegalArgumentException naming those that it knows
   */
  public void requireTold(int mode) {
    if (modes() > 0 && mode < 0) {
      throw new IllegalArgumentException("ControlNet " + name + " has to be told which of its "
          + modes() + " kinds of pictures it is given; " + kinds().advice());
    }
  }

  private UNetControlNet.ControlKinds kinds() {
    return isUnion()
        ? UNetControlNet.ControlKinds.union(unet.union().kinds())
        : new UNetControlNet.ControlKinds(flux == null ? 0 : flux.modes(), List.of());
  }

  /**
   * Whether it is a union ControlNet of a UNet's, which looks at all of a request's pictures for it
   * at once.
   */
  public boolean isUnion() {
    return unet != null && unet.union() != null;
  }

  private static List<Integer> channels(UNetConfig config) {
    return config.levels().stream().map(UNetConfig.Level::channels).toList();
  }

  /** What it is called: the name of its folder or file. */
  public String name() {
    return name;
  }

  /** Who draws with it. */
  public UsageLock uses() {
    return uses;
  }

  /** Frees it once nothing is drawn with it. */
  @Override
  public void close() {
    uses.close(weights::close);
  }
}
