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
 * training. At every step the sample moves along the gradient of a face embedder's similarity to
 * the person (face guidance of FreeDoM, Yu et al. 2023, arXiv:2303.09833, section 4, with the
 * gradient through the network as in arXiv:2209.14687). The denoised prediction is decoded by a
 * small autoencoder. It acts beside a LoRA, an IP-Adapter, or alone, with any scheduler, and takes
 * a pass back through the network for every step. Immutable, shared by threads; owns its networks
 * until closed, the detector stays its caller's. The small networks work on the CPU.
 */
public final class FaceGuidance implements AutoCloseable {
  private final LoadedAutoencoder autoencoder;
  private final EmbedderEnsemble embedders;
  private final FaceDetector detector;
  private final Optional<IpAdapter> adapter;
  private final UsageLock usageLock = new UsageLock("the face guidance");

  private FaceGuidance(
      LoadedAutoencoder preview,
      EmbedderEnsemble eyes,
      FaceDetector detector,
      Optional<IpAdapter> adapter) {
    this.autoencoder = preview;
    this.embedders = eyes;
    this.detector = detector;
    this.adapter = adapter;
  }

  /**
   * Opens the face guidance of a base folder. It needs a small autoencoder in {@code preview} and
   * face embedders in {@code ip_adapter} or {@code guidance}. The folder's adapter is opened too if
   * it needs face embeddings only.
   *
   * @param folder the base folder
   * @param base opened from that folder, or compatible with its adapter
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
            .map(eyes -> open(preview, eyes, folder, base, detector)));
  }

  private static FaceGuidance open(
      Path preview, EmbedderEnsemble eyes, Path folder, BaseModel base, FaceDetector detector) {
    Optional<IpAdapter> adapter = Optional.empty();
    try {
      adapter = eyes.hasAdapterEmbedder()
          ? Extra.IP_ADAPTER.in(folder).flatMap(own -> adapter(own, base))
          : adapter;
      return new FaceGuidance(
          ComponentFile.openAutoencoder(preview, new Compute("cpu", DType.F32)),
          eyes,
          detector,
          adapter);
    } catch (RuntimeException e) {
      eyes.close();
      adapter.ifPresent(IpAdapter::close);
      throw e;
    }
  }

  /** Opens the adapter if it needs nothing but face embeddings. */
  private static Optional<IpAdapter> adapter(Path own, BaseModel base) {
    IpAdapterFile file = IpAdapterFile.of(own);
    IpAdapterVariant kind = file.layout().variant();
    boolean numbers = kind.needsFace()
        && !kind.needsRawEmbedding()
        && kind.imageInput() == IpAdapterVariant.ImageInput.NONE;
    return numbers ? Optional.of(IpAdapter.open(file, base, null)) : Optional.empty();
  }

  /** Returns the face embedder that guidance uses. Reference vectors must come from it. */
  public FaceEmbedder embedder() {
    return embedders;
  }

  /**
   * Returns an image prompt of the base folder's own adapter. It is empty if the folder has no
   * adapter that needs face embeddings only.
   *
   * @param vectors face embeddings of the person, which all have equal weight
   */
  public Optional<ImagePrompt> imagePrompt(List<float[]> vectors) {
    return adapter.map(
        own -> own.prompt(vectors.stream().map(embedders::reference).toList()));
  }

  /**
   * Guidance towards a person. Weight 1 is the strongest that images bear, 0 turns it off. An image
   * follows one person: the first that it is given.
   *
   * @param vectors of their photos by {@link #embedder()}, all counting the same
   * @throws IllegalArgumentException when there are none
   */
  public Identity forPerson(List<float[]> vectors) {
    float[] person = mean(vectors);
    return new Identity() {
      @Override
      public Adapter at(double weight) {
        if (!(weight >= 0 && weight <= 1)) {
          throw new IllegalArgumentException("face guidance has a weight in 0..1, not " + weight);
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

  /** Adds to no network; leads images instead. */
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
    public Optional<GradientGuidance> gradientGuidance(ModelAdapter.Context drawing) {
      return Optional.of(new FaceGradientGuidance(
          guidance.autoencoder, guidance.embedders, guidance.detector, person, weight));
    }
  }

  private static float[] mean(List<float[]> vectors) {
    if (vectors.isEmpty()) {
      throw new IllegalArgumentException("face guidance needs a face; give at least one embedding");
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

  /** Frees the networks after the last generation that uses them. */
  @Override
  public void close() {
    // Outside: while this waits for a generation, another may still start guidance.
    adapter.ifPresent(IpAdapter::close);
    usageLock.close(() -> {
      autoencoder.close();
      embedders.close();
    });
  }
}
