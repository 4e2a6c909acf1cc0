package dev.likeness.ipadapter;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.GradientGuidance;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoadedAutoencoder;
import dev.likeness.diffusion.internal.model.ComponentFile;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.ipadapter.internal.file.IpAdapterVariant;
import dev.likeness.ipadapter.internal.guidance.EmbedderEnsemble;
import dev.likeness.ipadapter.internal.guidance.FaceGradientGuidance;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.FaceDetector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Face guidance: steers sampling so that generated faces match a reference person. Needs no
 * training.
 *
 * <p>In each step, a face embedder measures the similarity to the person, and the sample moves
 * along its gradient. The method is the face guidance of FreeDoM (Yu et al. 2023, arXiv:2303.09833,
 * section 4). The gradient also goes through the denoising network, as in DPS (Chung et al. 2022,
 * arXiv:2209.14687). This costs a backward pass in each step. A tiny autoencoder decodes the
 * denoised prediction. Face guidance works with any scheduler, and can be combined with a LoRA or
 * an IP-Adapter.
 *
 * <p>Immutable and thread-safe; owns its networks until closed. The caller closes the detector. The
 * autoencoder and the face embedders compute on the CPU.
 */
public final class FaceGuidance implements AutoCloseable {
  private final LoadedAutoencoder autoencoder;
  private final EmbedderEnsemble embedders;
  private final FaceDetector detector;
  private final Optional<IpAdapter> adapter;
  private final UsageLock usageLock = new UsageLock("the face guidance");

  private FaceGuidance(
      LoadedAutoencoder preview,
      EmbedderEnsemble embedders,
      FaceDetector detector,
      Optional<IpAdapter> adapter) {
    this.autoencoder = preview;
    this.embedders = embedders;
    this.detector = detector;
    this.adapter = adapter;
  }

  /**
   * Opens the face guidance of a base folder. It needs a tiny autoencoder in {@code preview} and
   * face embedders in {@code ip_adapter} or {@code guidance}. If the folder has an IP-Adapter that
   * needs only face embeddings, the adapter is opened too.
   *
   * @param folder the base folder
   * @param base the base model of that folder, or a base model that fits the folder's adapter
   * @param detector finds faces; the caller closes it
   * @return the face guidance, which the caller closes; empty if the autoencoder or all embedders
   *     are missing
   * @throws dev.likeness.diffusion.error.InvalidInputException if a component is broken
   */
  public static Optional<FaceGuidance> findIn(Path folder, BaseModel base, FaceDetector detector) {
    return Extra.PREVIEW_DECODER
        .in(folder)
        .filter(Files::isDirectory)
        .flatMap(preview -> EmbedderEnsemble.findIn(folder)
            .map(embedders -> open(preview, embedders, folder, base, detector)));
  }

  private static FaceGuidance open(
      Path preview,
      EmbedderEnsemble embedders,
      Path folder,
      BaseModel base,
      FaceDetector detector) {
    Optional<IpAdapter> adapter = Optional.empty();
    try {
      adapter = embedders.hasAdapterEmbedder()
          ? Extra.IP_ADAPTER.in(folder).flatMap(own -> adapter(own, base))
          : adapter;
      return new FaceGuidance(
          ComponentFile.openAutoencoder(preview, new Compute("cpu", DType.F32)),
          embedders,
          detector,
          adapter);
    } catch (RuntimeException e) {
      embedders.close();
      adapter.ifPresent(IpAdapter::close);
      throw e;
    }
  }

  /** Opens the adapter if it needs face embeddings only. */
  private static Optional<IpAdapter> adapter(Path own, BaseModel base) {
    IpAdapterFile file = IpAdapterFile.of(own);
    IpAdapterVariant kind = file.layout().variant();
    boolean numbers = kind.needsFace()
        && !kind.needsRawEmbedding()
        && kind.imageInput() == IpAdapterVariant.ImageInput.NONE;
    return numbers ? Optional.of(IpAdapter.open(file, base, null)) : Optional.empty();
  }

  /**
   * {@return the face embedder of the guidance; this object owns it. It must compute the face
   * embeddings of the person}
   */
  public FaceEmbedder embedder() {
    return embedders;
  }

  /**
   * Makes an image prompt of the base folder's adapter.
   *
   * @param vectors face embeddings of the person, computed by {@link #embedder()}; all have equal
   *     weight
   * @return the image prompt; empty if the folder has no adapter that needs only face embeddings
   */
  public Optional<ImagePrompt> imagePrompt(List<float[]> vectors) {
    return adapter.map(
        own -> own.prompt(vectors.stream().map(embedders::reference).toList()));
  }

  /**
   * Returns the guidance towards a person. Requests give it a weight from 0 to 1: 0 turns it off, 1
   * is the highest weight without visible damage. If a request has face guidance towards several
   * persons, only the first person is used.
   *
   * @param vectors face embeddings of the person, computed by {@link #embedder()}; at least one.
   *     All have equal weight
   * @return the guidance, as an identity for requests; keep this object open while requests use the
   *     identity
   * @throws IllegalArgumentException if {@code vectors} is empty
   */
  public Identity forPerson(List<float[]> vectors) {
    float[] person = mean(vectors);
    return new Identity() {
      @Override
      public Adapter at(double weight) {
        if (!(weight >= 0 && weight <= 1)) {
          throw new IllegalArgumentException(
              "the weight of face guidance must be in 0..1, got " + weight);
        }
        return weight == 0 ? Guided.INACTIVE : new Guided(FaceGuidance.this, person, weight);
      }

      @Override
      public String phrase() {
        return "person";
      }

      @Override
      public Optional<Consent> consent() {
        return Optional.empty();
      }
    };
  }

  /** The adapter of a request: it changes no network and adds gradient guidance to sampling. */
  private record Guided(FaceGuidance guidance, float[] person, double weight)
      implements ModelAdapter {
    static final ModelAdapter INACTIVE = (part, compute) -> Adaptation.NONE;

    @Override
    public Adaptation adapt(ModelComponent part, Compute compute) {
      return Adaptation.NONE;
    }

    @Override
    public List<UsageLock> usageLocks() {
      return List.of(guidance.usageLock);
    }

    @Override
    public Optional<GradientGuidance> gradientGuidance(ModelAdapter.Context context) {
      return Optional.of(new FaceGradientGuidance(
          guidance.autoencoder, guidance.embedders, guidance.detector, person, weight));
    }
  }

  private static float[] mean(List<float[]> vectors) {
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

  /** Frees the networks when no running generation uses them any more. */
  @Override
  public void close() {
    // The adapter is closed first, outside the lock: while this call waits for a generation,
    // another generation may still start.
    adapter.ifPresent(IpAdapter::close);
    usageLock.close(() -> {
      autoencoder.close();
      embedders.close();
    });
  }
}
