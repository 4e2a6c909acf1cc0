package dev.likeness.photos.internal.embed;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.AlignmentTemplate;
import dev.likeness.photos.face.Face;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;

/** A face embedder in libtorch, through which gradients flow to the image. */
public interface DifferentiableEmbedder extends FaceEmbedder {
  /** Both sides of an aligned face in pixels. */
  int SIDE = 112;

  /**
   * Opens an embedder: a folder of {@link TorchEmbedder}, or a file of {@link IResNetEmbedder}.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if {@code policy} forbids the
   *     embedder, or it is another kind of network
   */
  static DifferentiableEmbedder open(Path path, UsePolicy policy) {
    return Files.isDirectory(path)
        ? TorchEmbedder.open(path)
        : IResNetEmbedder.open(path, EmbedderSpec.of(path), policy);
  }

  /**
   * Computes a vector and its gradient once, and returns the embedder.
   *
   * @param source the name of the embedder in errors
   * @throws InvalidInputException if a number is NaN or infinite, or the vector is the same for all
   *     faces; the embedder is closed then
   */
  static <T extends DifferentiableEmbedder> T checked(T embedder, String source) {
    boolean isSound = false;
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(1)) {
      Tensor faces = noise
          .next(3, SIDE, SIDE)
          .clamp(new ScalarOptional(new Scalar(-1.0)), new ScalarOptional(new Scalar(1.0)))
          .set_requires_grad(true);
      Tensor features = embedder.features(faces);
      Tensor vectors = normalized(features);
      vectors.matmul(vectors.detach().flip(1).t()).sum().backward();
      double gradient = faces.grad().abs().sum().item_double();
      isSound = Double.isFinite(features.square().sum().item_double())
          && Double.isFinite(gradient)
          && gradient > 0;
    } finally {
      if (!isSound) {
        embedder.close();
      }
    }
    if (!isSound) {
      throw new InvalidInputException(source + " returns vectors or gradients that are NaN,"
          + " infinite or zero, because its weights are damaged; download the file again");
    }
    return embedder;
  }

  /**
   * Returns embeddings before normalisation, [n, size], f32, of aligned faces [n, 3, 112, 112],
   * f32, in -1..1. Gradients flow to the faces if they require them. The result belongs to the
   * calling scope.
   */
  Tensor features(Tensor faces);

  /** Returns the number of elements of a vector. */
  int embeddingSize();

  @Override
  default OptionalInt embeddingLength() {
    return OptionalInt.of(embeddingSize());
  }

  /** Returns vectors as {@link #features} does, but of unit length. */
  default Tensor forward(Tensor faces) {
    return normalized(features(faces));
  }

  /** Returns vectors [n, size], each divided by its length. */
  static Tensor normalized(Tensor vectors) {
    Tensor lengths = vectors.square().sum(new long[] {1}, true, new ScalarTypeOptional());
    return vectors.mul(lengths.add(new Scalar(1e-12)).rsqrt());
  }

  @Override
  default float[] embed(RgbImage image, Face face) {
    return vector(image, face, this::forward);
  }

  @Override
  default float[] embedRaw(RgbImage image, Face face) {
    return isNormalized()
        ? FaceEmbedder.super.embedRaw(image, face)
        : vector(image, face, this::features);
  }

  /** Returns true if the features have unit length already. */
  default boolean isNormalized() {
    return false;
  }

  private static float[] vector(RgbImage image, Face face, UnaryOperator<Tensor> network) {
    RgbImage aligned = AlignmentTemplate.ARCFACE.align(image, face);
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      return ImageTensors.floats(network.apply(ImageTensors.toSigned(aligned)));
    }
  }
}
