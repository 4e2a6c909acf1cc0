package dev.likeness.photos.internal.upscale;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Real-ESRGAN's super-resolution network, a chain of residual-in-residual dense blocks (Wang et al.
 * 2021; {@code RRDBNet} of BasicSR), in f32 on the CPU. It enlarges four times, or twice with
 * pixels that are unshuffled first. Not thread-safe.
 */
public final class RrdbNet implements AutoCloseable {
  /** The part of a published file that holds the weights, the averaged ones first. */
  private static final List<String> PARTS = List.of("params_ema", "params", "");

  private static final int COLOURS = 3;
  private static final int KERNEL = 3;
  private static final int LARGEST_FACTOR = 4;
  private static final int DENSE_LAYERS = 5;
  private static final int DENSE_BLOCKS = 3;
  private static final double SLOPE = 0.2;
  private static final double RESIDUAL = 0.2;

  private final LoadedWeights weights;
  private final Layers layers;

  private RrdbNet(LoadedWeights weights, Layers layers) {
    this.weights = weights;
    this.layers = layers;
  }

  /**
   * Opens a file of weights.
   *
   * @param file a safetensors file, or one of {@code torch.save}
   * @throws InvalidInputException if it is no such network, or has other tensors
   */
  public static RrdbNet open(Path file) {
    TensorSource source = new TensorSource.Finite(TensorFileFormat.open(file));
    LoadedWeights weights = new LoadedWeights(source, Compute.of("cpu", "f32"));
    try {
      String part = PARTS.stream()
          .filter(name -> source.has(prefix(name) + "conv_first.weight"))
          .findFirst()
          .orElseThrow(() -> new InvalidInputException("the super-resolution network " + file
              + " has no tensor \"conv_first.weight\" and is no RRDBNet; give a file such as"
              + " RealESRGAN_x4plus.pth, or an ONNX file"));
      Sizes sizes = Sizes.of(new ShapeReader(source, prefix(part), "super-resolution network"));
      Set<String> others = source.names().stream()
          .filter(name -> !name.startsWith(prefix(part)))
          .collect(Collectors.toSet());
      weights.check(all -> Layers.of(at(all, part), sizes), others);
      return new RrdbNet(weights, Layers.of(at(Weights.of(weights), part), sizes));
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  private static String prefix(String part) {
    return part.isEmpty() ? "" : part + ".";
  }

  private static Weights at(Weights all, String part) {
    return part.isEmpty() ? all : all.at(part);
  }

  /** Returns the enlargement of width and height. */
  public int factor() {
    return layers.sizes.factor;
  }

  /**
   * Enlarges an image whose sides are even.
   *
   * @return the values [3, height, width] of the result, about 0 to 1
   */
  public float[] forward(RgbImage image) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      return ImageTensors.floats(layers.forward(ImageTensors.toUnit(image)).contiguous());
    }
  }

  @Override
  public void close() {
    weights.close();
  }

  /**
   * The sizes of a network.
   *
   * @param width channels between blocks
   * @param growth channels that each layer of a dense block adds
   * @param unshuffled the number of pixels along a side that become channels of one pixel
   */
  private record Sizes(int width, int growth, int blocks, int unshuffled, int factor) {
    static Sizes of(ShapeReader shapes) {
      int in = shapes.size("conv_first.weight", 1);
      int unshuffled = (int) Math.round(Math.sqrt((double) in / COLOURS));
      if (in != COLOURS * unshuffled * unshuffled
          || unshuffled < 1
          || unshuffled >= LARGEST_FACTOR
          || LARGEST_FACTOR % unshuffled != 0) {
        throw new InvalidInputException(shapes.keys().describe()
            + ": the super-resolution network takes " + in + " channels, expected 3 for four times"
            + " the size, or 12 for twice; give a file such as RealESRGAN_x4plus.pth");
      }
      return new Sizes(
          shapes.size("conv_first.weight", 0),
          shapes.size("body.0.rdb1.conv1.weight", 0),
          shapes.count("body."),
          unshuffled,
          LARGEST_FACTOR / unshuffled);
    }
  }

  /** The layers. */
  private record Layers(
      Sizes sizes,
      Conv2d first,
      List<List<List<Conv2d>>> body,
      Conv2d afterBody,
      List<Conv2d> doubling,
      Conv2d large,
      Conv2d last) {
    static Layers of(Weights w, Sizes sizes) {
      int width = sizes.width;
      return new Layers(
          sizes,
          new Conv2d(
              w.at("conv_first"),
              (long) COLOURS * sizes.unshuffled * sizes.unshuffled,
              width,
              KERNEL),
          IntStream.range(0, sizes.blocks)
              .mapToObj(i -> block(w.at("body").at(i), sizes))
              .toList(),
          new Conv2d(w.at("conv_body"), width, width, KERNEL),
          Stream.of("conv_up1", "conv_up2")
              .map(name -> new Conv2d(w.at(name), width, width, KERNEL))
              .toList(),
          new Conv2d(w.at("conv_hr"), width, width, KERNEL),
          new Conv2d(w.at("conv_last"), width, COLOURS, KERNEL));
    }

    private static List<List<Conv2d>> block(Weights w, Sizes sizes) {
      return IntStream.rangeClosed(1, DENSE_BLOCKS)
          .mapToObj(i -> IntStream.range(0, DENSE_LAYERS)
              .mapToObj(layer -> new Conv2d(
                  w.at("rdb" + i + ".conv" + (layer + 1)),
                  sizes.width + (long) layer * sizes.growth,
                  layer == DENSE_LAYERS - 1 ? sizes.width : sizes.growth,
                  KERNEL))
              .toList())
          .toList();
    }

    Tensor forward(Tensor image) {
      Tensor x = sizes.unshuffled == 1 ? image : torch.pixel_unshuffle(image, sizes.unshuffled);
      Tensor shallow = first.forward(x);
      Tensor deep = shallow;
      for (List<List<Conv2d>> block : body) {
        deep = residual(block, deep);
      }
      Tensor features = shallow.add(afterBody.forward(deep));
      for (Conv2d layer : doubling) {
        features = activated(layer.forward(torch.upsample_nearest2d(
            features, new long[] {2 * features.size(2), 2 * features.size(3)})));
      }
      return last.forward(activated(large.forward(features)));
    }

    private static Tensor residual(List<List<Conv2d>> block, Tensor x) {
      Tensor y = x;
      for (List<Conv2d> dense : block) {
        y = dense(dense, y);
      }
      return y.mul(new Scalar(RESIDUAL)).add(x);
    }

    private static Tensor dense(List<Conv2d> layers, Tensor x) {
      Tensor seen = x;
      for (Conv2d layer : layers.subList(0, DENSE_LAYERS - 1)) {
        seen = torch.cat(new TensorVector(seen, activated(layer.forward(seen))), 1);
      }
      return layers
          .get(DENSE_LAYERS - 1)
          .forward(seen)
          .mul(new Scalar(RESIDUAL))
          .add(x);
    }

    private static Tensor activated(Tensor x) {
      return torch.leaky_relu(x, new Scalar(SLOPE));
    }
  }
}
