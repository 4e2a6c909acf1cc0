package dev.likeness.ipadapter.internal.guidance;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.embed.DifferentiableEmbedder;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The face embedders of face guidance: one, or several that were trained independently. Several
 * embedders make adversarial patterns less likely, which raise the similarity without a likeness. A
 * vector concatenates the vectors of all embedders, so that a cosine is the mean of their cosines.
 */
public final class EmbedderEnsemble implements FaceEmbedder {
  private final List<DifferentiableEmbedder> embedders;
  private final boolean hasAdapterEmbedder;

  /** {@code hasAdapterEmbedder} is true if the first embedder belongs to the base's own adapter. */
  private EmbedderEnsemble(List<DifferentiableEmbedder> opened, boolean hasAdapterEmbedder) {
    this.embedders = List.copyOf(opened);
    this.hasAdapterEmbedder = hasAdapterEmbedder;
  }

  /** Returns one embedder; closing the result closes it. */
  public static EmbedderEnsemble of(DifferentiableEmbedder only) {
    return new EmbedderEnsemble(List.of(only), false);
  }

  /**
   * Opens the embedders of a base folder: that of its adapter and the one in {@code guidance}.
   * Empty if there are none.
   */
  public static Optional<EmbedderEnsemble> findIn(Path folder) {
    List<DifferentiableEmbedder> opened = new ArrayList<>();
    boolean adapters;
    try {
      Extra.IP_ADAPTER_EMBEDDER.in(folder).map(TorchEmbedder::open).ifPresent(opened::add);
      adapters = !opened.isEmpty();
      Extra.GUIDANCE_EMBEDDER.in(folder).map(TorchEmbedder::open).ifPresent(opened::add);
    } catch (RuntimeException e) {
      opened.forEach(DifferentiableEmbedder::close);
      throw e;
    }
    return opened.isEmpty()
        ? Optional.empty()
        : Optional.of(new EmbedderEnsemble(opened, adapters));
  }

  @Override
  public float[] embed(RgbImage image, Face face) {
    List<float[]> vectors =
        embedders.stream().map(eye -> eye.embed(image, face)).toList();
    float[] all = new float[vectors.stream().mapToInt(vector -> vector.length).sum()];
    int at = 0;
    for (float[] vector : vectors) {
      for (float number : vector) {
        all[at++] = (float) (number / Math.sqrt(embedders.size()));
      }
    }
    return all;
  }

  @Override
  public OptionalInt embeddingLength() {
    return OptionalInt.of(
        embedders.stream().mapToInt(DifferentiableEmbedder::embeddingSize).sum());
  }

  /** Returns true if the base's own adapter uses one of them. */
  public boolean hasAdapterEmbedder() {
    return hasAdapterEmbedder;
  }

  /** Returns the reference for the base's own adapter, made of a vector of {@link #embed}. */
  public Reference reference(float[] vector) {
    DifferentiableEmbedder own = embedders.get(0);
    float[] numbers = Arrays.copyOf(vector, own.embeddingSize());
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] *= (float) Math.sqrt(embedders.size());
    }
    return Reference.face(numbers).withFaceEmbedder(own.name());
  }

  /**
   * Returns the similarity of faces to {@code person}, a vector of {@link #embed}, as a scalar with
   * a gradient. Each embedder gets its share of the faces, so that several cost no more than one.
   *
   * @param faces [n, 3, 112, 112], at least one for each embedder, aligned as for ArcFace, in -1..1
   */
  Tensor similarity(Tensor faces, float[] person) {
    Tensor wanted = torch.tensor(person);
    Tensor sum = torch.zeros();
    long at = 0;
    for (int i = 0; i < embedders.size(); i++) {
      long first = i * faces.size(0) / embedders.size();
      long end = (i + 1) * faces.size(0) / embedders.size();
      Tensor vectors = embedders.get(i).forward(faces.narrow(0, first, end - first));
      sum = sum.add(vectors.matmul(wanted.narrow(0, at, vectors.size(1))).mean());
      at += vectors.size(1);
    }
    return sum;
  }

  /**
   * Checks vectors of a person.
   *
   * @throws InvalidInputException if one has another number of elements than a vector of
   *     {@link #embed}, or a number that is NaN or infinite
   */
  public void require(List<float[]> vectors) {
    int size = embeddingLength().getAsInt();
    for (float[] vector : vectors) {
      boolean isFinite = true;
      for (float number : vector) {
        isFinite &= Float.isFinite(number);
      }
      if (vector.length != size || !isFinite) {
        throw new InvalidInputException("a face embedding of the person has " + vector.length
            + (isFinite ? " numbers" : " numbers, of which some are NaN or infinite")
            + ", but face guidance follows " + size + " numbers of " + name()
            + "; train or encode the person again");
      }
    }
  }

  /**
   * Returns the mean of vectors, of unit length.
   *
   * @throws IllegalArgumentException if there are none
   */
  public static float[] mean(List<float[]> vectors) {
    if (vectors.isEmpty()) {
      throw new IllegalArgumentException("face guidance needs at least 1 face embedding, got none");
    }
    float[] sum = new float[vectors.get(0).length];
    for (float[] vector : vectors) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += vector[i];
      }
    }
    double length = Math.sqrt(FaceEmbedder.cosine(sum, sum));
    for (int i = 0; i < sum.length; i++) {
      sum[i] /= (float) length;
    }
    return sum;
  }

  @Override
  public String name() {
    return String.join(" and ", names());
  }

  /** Returns the names of all embedders. */
  public List<String> names() {
    return embedders.stream().map(FaceEmbedder::name).toList();
  }

  @Override
  public boolean isTrainedOnPhotographs() {
    return embedders.stream().allMatch(FaceEmbedder::isTrainedOnPhotographs);
  }

  @Override
  public double samePersonThreshold() {
    return embedders.stream()
        .mapToDouble(FaceEmbedder::samePersonThreshold)
        .average()
        .orElseThrow();
  }

  @Override
  public void close() {
    embedders.forEach(FaceEmbedder::close);
  }
}
