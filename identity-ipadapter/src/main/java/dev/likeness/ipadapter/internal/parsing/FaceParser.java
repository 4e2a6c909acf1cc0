package dev.likeness.ipadapter.internal.parsing;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.photos.internal.onnx.OnnxFile;
import dev.likeness.photos.internal.opencv.OpenCvNetwork;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A face parser: gives each pixel of an aligned face one of 19 labels (CelebAMask-HQ's parts of a
 * face). It is BiSeNet from facexlib's {@code parsing_bisenet.pth}, from safetensors with the same
 * names, or from an ONNX file, which OpenCV runs. Thread-safe; owns its network until closed.
 */
public final class FaceParser implements AutoCloseable {
  /** The number of labels of CelebAMask-HQ. */
  public static final int LABELS = 19;

  private static final String LABEL = "the face parser";
  private static final float[] MEAN = {0.485f, 0.456f, 0.406f};
  private static final float[] STD = {0.229f, 0.224f, 0.225f};

  private final UnaryOperator<Tensor> network;
  private final AutoCloseable owned;

  private FaceParser(UnaryOperator<Tensor> network, AutoCloseable owned) {
    this.network = network;
    this.owned = owned;
  }

  /**
   * Opens a file for faces of {@code side} by {@code side} pixels.
   *
   * @throws InvalidInputException if it is missing or broken, or another network
   */
  public static FaceParser open(Path file, int side, Compute compute) {
    boolean isOnnx = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).endsWith(".onnx");
    return isOnnx ? onnx(file, side) : tensors(TensorFileFormat.open(file), compute);
  }

  private static FaceParser onnx(Path file, int side) {
    OnnxFile input = OnnxFile.read(file, LABEL);
    if (input.inputSize() > 0 && input.inputSize() != side) {
      throw new InvalidInputException(LABEL + " " + file + " takes faces of " + input.inputSize()
          + "x" + input.inputSize() + " pixels, expected " + side + "x" + side
          + "; export it for this size or for any size");
    }
    Map.Entry<String, long[]> first =
        input.outputs(side, OnnxFile.IMAGE_WORK).entrySet().iterator().next();
    long[] expected = {1, LABELS, side, side};
    if (!Arrays.equals(first.getValue(), expected)) {
      throw new InvalidInputException(LABEL + " " + file + " returns "
          + Arrays.toString(first.getValue()) + ", expected " + Arrays.toString(expected)
          + "; give a BiSeNet with the labels of CelebAMask-HQ");
    }
    OpenCvNetwork network = OpenCvNetwork.open(input, side, OnnxFile.IMAGE_WORK);
    return new FaceParser(
        faces -> torch
            .tensor(network.forward(ImageTensors.floats(faces), side, first.getKey()))
            .view(expected),
        network);
  }

  private static FaceParser tensors(TensorSource file, Compute compute) {
    TensorSource source = canonical(file);
    LoadedWeights weights = new LoadedWeights(new TensorSource.Finite(source), compute);
    try {
      BiSeNet.Shape shape = BiSeNet.Shape.of(source);
      if (shape.labels() != LABELS) {
        throw new InvalidInputException(source.describe() + " has " + shape.labels()
            + " labels, expected " + LABELS
            + "; give a BiSeNet with the labels of CelebAMask-HQ");
      }
      weights.check(w -> new BiSeNet(w, shape.width(), shape.labels()), Set.of());
      BiSeNet network = new BiSeNet(Weights.of(weights), shape.width(), shape.labels());
      return new FaceParser(
          faces -> network.forward(Tensors.place(compute, faces)).cpu(), weights);
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }

  /** Leaves out the counters of batch norms, which count training steps. */
  static TensorSource canonical(TensorSource file) {
    return RenamedSource.of(file, name -> name.endsWith(".num_batches_tracked") ? null : name);
  }

  /**
   * Returns logits [1, 19, h, w], f32, CPU, of a face in 0..1, [1, 3, h, w]; the calling scope owns
   * them.
   */
  Tensor logits(Tensor unit) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor mean = torch.tensor(MEAN).view(1, 3, 1, 1);
      Tensor std = torch.tensor(STD).view(1, 3, 1, 1);
      return scope.promote(network.apply(unit.sub(mean).div(std)));
    }
  }

  /**
   * Returns the label of each pixel, [1, 1, h, w], i64, CPU, of a face in 0..1, [1, 3, h, w]; the
   * calling scope owns them.
   */
  public Tensor labels(Tensor unit) {
    try (TensorScope scope = TensorScope.open()) {
      return scope.promote(logits(unit).argmax(new LongOptional(1), true));
    }
  }

  @Override
  public void close() {
    try {
      owned.close();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
