package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.ControlInput;
import dev.likeness.diffusion.internal.family.LoadedControlNet;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.Step;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** A ControlNet of Stable Diffusion 1.x, 2.x or XL, or a union of them. */
final class UNetControlNet extends LoadedControlNet {
  /** Modes of xinsir/controlnet-union-sdxl-1.0: six, and two more in the ProMax edition. */
  private static final List<List<String>> UNION = List.of(
      List.of("openpose"),
      List.of("depth"),
      List.of("hed", "pidi", "scribble", "ted"),
      List.of("canny", "lineart", "anime_lineart", "mlsd"),
      List.of("normal"),
      List.of("segment"),
      List.of("tile"),
      List.of("repaint"));

  private static final double MASKED_PIXEL = -1;

  private final ControlNetConfig config;

  UNetControlNet(String name, Compute compute, LoadedWeights weights, ControlNetConfig config) {
    super(name, compute, weights, modesOf(config));
    this.config = config;
  }

  private static Modes modesOf(ControlNetConfig config) {
    int count = config.union() == null ? 0 : config.union().modes();
    return new Modes(count, count == 6 || count == 8 ? UNION.subList(0, count) : List.of());
  }

  @Override
  public String baseKind() {
    return "a UNet";
  }

  @Override
  public boolean takesLatents() {
    return false;
  }

  @Override
  public boolean isUnion() {
    return config.union() != null;
  }

  /**
   * Encodes control images of one ControlNet for a UNet of this shape.
   *
   * @throws IllegalArgumentException if the ControlNet is for another
   */
  static ControlInput input(
      List<ControlImage> controls,
      int rows,
      UNetConfig base,
      Function<ControlImage, Tensor> input) {
    LoadedControlNet loaded = LoadedControlNet.of(controls.get(0).controlNet());
    if (!(loaded instanceof UNetControlNet own) || !own.matches(base)) {
      throw new IllegalArgumentException("ControlNet " + loaded.name() + " is for "
          + (loaded instanceof UNetControlNet other
              ? shape(other.config.unet())
              : loaded.baseKind())
          + ", but the base is " + shape(base) + "; use a ControlNet for this base");
    }
    ControlNetModel net = new ControlNetModel(own.config, Weights.of(own.weights()));
    if (!own.isUnion()) {
      return new Input(
          controls,
          rows,
          net,
          List.of(net.conditioningEmbedding(input.apply(controls.get(0)))),
          null);
    }
    controls.forEach(control -> own.requireMode(control));
    boolean alone = controls.size() == 1;
    List<Tensor> embeddings = controls.stream()
        .map(control -> net.conditioningEmbedding(
            input.apply(control), control.mode().orElse(-1), alone ? 1 : control.scale()))
        .toList();
    return new Input(
        controls,
        rows,
        net,
        embeddings,
        net.modeEmbedding(
            controls.stream().map(control -> control.mode().getAsInt()).toList()));
  }

  /**
   * Pixels of a control image, 0..1. Pixels under a white mask, which are generated, are -1, or 0
   * for a union.
   */
  static Tensor pixels(RgbImage image, RgbImage white, boolean union) {
    Tensor pixels = ImageTensors.toUnit(image);
    return white == null
        ? pixels
        : pixels.masked_fill(
            ImageTensors.toGrey(
                    PillowResampling.LANCZOS.resize(white, image.width(), image.height()))
                .ge(new Scalar(0.5)),
            new Scalar(union ? 0 : MASKED_PIXEL));
  }

  private boolean matches(UNetConfig base) {
    UNetConfig own = config.unet();
    return channels(own).equals(channels(base))
        && (own.embedding().timeIds() == null) == (base.embedding().timeIds() == null)
        && own.levels().get(0).contextWidth() == base.levels().get(0).contextWidth();
  }

  private static String shape(UNetConfig unet) {
    return "a UNet " + (unet.embedding().timeIds() == null ? "without" : "with")
        + " size ids, of widths " + channels(unet) + " and text width "
        + unet.levels().get(0).contextWidth();
  }

  private static List<Integer> channels(UNetConfig config) {
    return config.levels().stream().map(UNetConfig.Level::channels).toList();
  }

  /**
   * Encoded control images and their network.
   *
   * @param modes the embedding of a union's control modes, or null
   */
  record Input(
      List<ControlImage> controls,
      int rows,
      ControlNetModel network,
      List<Tensor> embeddings,
      Tensor modes)
      implements ControlInput {
    ControlNetModel.Residuals residuals(
        Tensor input, Tensor time, UNetConditioning conditioning, Step step) {
      ControlNetModel.Residuals residuals = network.forward(
          input,
          time,
          conditioning,
          activeEmbeddings(step).reduce(Tensor::add).orElseThrow(),
          modes);
      return isGuess() ? residuals.scaleByDepth(scale()) : residuals.scale(scale());
    }
  }
}
