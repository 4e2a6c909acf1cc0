package dev.likeness.ipadapter;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.internal.adapter.Contribution;
import dev.likeness.diffusion.internal.adapter.GradientGuidance.NetworkGradient;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.family.LoadedAutoencoder;
import dev.likeness.diffusion.internal.model.ComponentFile;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.ipadapter.internal.guidance.EmbedderEnsemble;
import dev.likeness.ipadapter.internal.guidance.FaceGradientGuidance;
import dev.likeness.ipadapter.internal.method.AdapterLayout;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.YuNetDetector;
import dev.likeness.photos.internal.embed.DifferentiableEmbedder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Face guidance: steers sampling so that generated faces match a reference person. Needs no
 * training.
 *
 * <p>In each guided step, a face embedder measures the similarity to the person, and the sample
 * moves along the gradient of this similarity. The method is the face guidance of FreeDoM (Yu et
 * al. 2023, arXiv:2303.09833, section 4). {@link FaceGuidanceOptions.Gradient} sets whether the
 * gradient also goes through the denoising network, as in DPS (Chung et al. 2022,
 * arXiv:2209.14687). A tiny autoencoder decodes the denoised prediction. Face guidance works with
 * any base whose family has a tiny autoencoder, with any scheduler, and with LoRAs and IP-Adapters.
 *
 * <p>Immutable and thread-safe; owns its networks until closed. The autoencoder and the face
 * embedders compute on the CPU.
 */
public final class FaceGuidance implements AutoCloseable {
  private final Networks networks;
  private final FaceGuidanceOptions options;

  private FaceGuidance(Networks networks, FaceGuidanceOptions options) {
    this.networks = networks;
    this.options = options;
  }

  /** The networks, shared by guidances of different options. */
  private record Networks(
      LoadedAutoencoder autoencoder,
      EmbedderEnsemble embedders,
      FaceDetector detector,
      boolean ownsDetector,
      Optional<IpAdapter> adapter,
      UsageLock usageLock) {}

  /**
   * Opens face guidance for any base model. This method does not check licences; {@link #with(Path,
   * Path, FaceDetector, UsePolicy)} does.
   *
   * @param previewDecoder a tiny autoencoder of the base's family (TAESD): a folder with a
   *     {@code config.json}, or a weight file
   * @param embedder the face embedder: an IResNet of ArcFace's form, such as AuraFace's
   *     {@code glintr100.onnx}, or the {@code face_embedder} folder of a base
   * @param detector a YuNet ONNX file, which finds faces
   * @return the face guidance, which the caller closes
   * @throws dev.likeness.diffusion.error.InvalidInputException if a file is broken or does not
   *     contain the expected kind of network
   * @throws dev.likeness.diffusion.error.ResourceLimitException if OpenCV's native libraries are
   *     missing
   */
  public static FaceGuidance with(Path previewDecoder, Path embedder, Path detector) {
    FaceDetector opened = YuNetDetector.open(detector);
    try {
      return with(previewDecoder, embedder, opened, true, UsePolicy.NON_COMMERCIAL);
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  /**
   * Opens face guidance for any base model.
   *
   * @param previewDecoder a tiny autoencoder of the base's family (TAESD): a folder with a
   *     {@code config.json}, or a weight file
   * @param embedder the face embedder: an ONNX or safetensors file of an IResNet of ArcFace's form,
   *     or the {@code face_embedder} folder of a base. The file name determines kind and licence,
   *     as {@link dev.likeness.photos.embed.EmbedderSpec#of} describes
   * @param detector finds faces; the caller closes it
   * @param policy the intended use
   * @return the face guidance, which the caller closes
   * @throws dev.likeness.diffusion.error.InvalidInputException if {@code policy} forbids the
   *     embedder, or a file is broken or does not contain the expected kind of network
   */
  public static FaceGuidance with(
      Path previewDecoder, Path embedder, FaceDetector detector, UsePolicy policy) {
    return with(previewDecoder, embedder, detector, false, policy);
  }

  private static FaceGuidance with(
      Path previewDecoder, Path embedder, FaceDetector detector, boolean owned, UsePolicy policy) {
    EmbedderEnsemble embedders = EmbedderEnsemble.of(DifferentiableEmbedder.open(embedder, policy));
    try {
      return new FaceGuidance(
          new Networks(
              ComponentFile.openAutoencoder(previewDecoder, new Compute("cpu", DType.F32)),
              embedders,
              detector,
              owned,
              Optional.empty(),
              new UsageLock("the face guidance")),
          FaceGuidanceOptions.DEFAULT);
    } catch (RuntimeException e) {
      embedders.close();
      throw e;
    }
  }

  /**
   * Opens the face guidance of a base folder. The folder needs a tiny autoencoder in
   * {@code preview} and a face embedder in {@code ip_adapter} or {@code guidance}. If the folder
   * has an IP-Adapter that needs only face embeddings, the adapter is opened too.
   *
   * @param folder the base folder
   * @param base the base model of that folder, or a base model that fits the folder's adapter
   * @param detector finds faces; the caller closes it
   * @return the face guidance, which the caller closes; empty if the tiny autoencoder or the face
   *     embedder is missing
   * @throws dev.likeness.diffusion.error.InvalidInputException if a component is broken, or the
   *     IP-Adapter does not fit the base
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
          new Networks(
              ComponentFile.openAutoencoder(preview, new Compute("cpu", DType.F32)),
              embedders,
              detector,
              false,
              adapter,
              new UsageLock("the face guidance")),
          FaceGuidanceOptions.DEFAULT);
    } catch (RuntimeException e) {
      embedders.close();
      adapter.ifPresent(IpAdapter::close);
      throw e;
    }
  }

  /** Opens the adapter if it needs face embeddings only. */
  private static Optional<IpAdapter> adapter(Path own, BaseModel base) {
    IpAdapterFile file = IpAdapterFile.of(own);
    AdapterLayout layout = file.layout();
    boolean numbers = layout.needsFace() && !layout.needsRawEmbedding() && !layout.needsImage();
    return numbers ? Optional.of(IpAdapter.open(file, base)) : Optional.empty();
  }

  /**
   * Returns a copy with the given options and the same networks. Closing one guidance closes both.
   *
   * @param other the options
   * @return the guidance with these options
   */
  public FaceGuidance options(FaceGuidanceOptions other) {
    return new FaceGuidance(networks, other);
  }

  /** {@return the options} */
  public FaceGuidanceOptions options() {
    return options;
  }

  /**
   * Checks that this guidance does not use the embedder that will measure likeness. Guidance raises
   * the similarity that its own embedders measure, so the measured likeness would be too high.
   *
   * @param judge the embedder that measures likeness
   * @throws IllegalArgumentException if {@code judge} has the name of an embedder of this guidance
   */
  public void requireIndependent(FaceEmbedder judge) {
    if (networks.embedders.names().contains(judge.name())) {
      throw new IllegalArgumentException("the embedder " + judge.name()
          + " guides the faces, so it cannot measure their likeness; give another embedder");
    }
  }

  /**
   * {@return the face embedder of the guidance; this object owns the embedder} Compute the face
   * embeddings of the person with this embedder.
   */
  public FaceEmbedder embedder() {
    return networks.embedders;
  }

  /**
   * Makes an image prompt with the adapter that {@link #findIn} opened.
   *
   * @param vectors face embeddings of the person, computed by {@link #embedder()}; at least one.
   *     All embeddings have equal weight
   * @return the image prompt; empty if {@link #findIn} opened no adapter
   * @throws IllegalArgumentException if there is an adapter and {@code vectors} is empty
   * @throws dev.likeness.diffusion.error.InvalidInputException if a vector has another number of
   *     elements than those of {@link #embedder()}, or a number that is NaN or infinite
   */
  public Optional<ImagePrompt> imagePrompt(List<float[]> vectors) {
    networks.embedders.require(vectors);
    return networks.adapter.map(
        own -> own.prompt(vectors.stream().map(networks.embedders::reference).toList()));
  }

  /**
   * Returns the guidance towards a person. Requests give the guidance a weight from 0 to 1: 0 turns
   * it off, 1 is the strongest guidance. If a request has face guidance towards several persons,
   * only the first person is used.
   *
   * @param vectors face embeddings of the person, computed by {@link #embedder()}; at least one.
   *     All embeddings have equal weight
   * @return the guidance, as an identity for requests; keep this face guidance open while requests
   *     use it
   * @throws IllegalArgumentException if {@code vectors} is empty
   * @throws dev.likeness.diffusion.error.InvalidInputException if a vector has another number of
   *     elements than those of {@link #embedder()}, or a number that is NaN or infinite
   */
  public Identity forPerson(List<float[]> vectors) {
    networks.embedders.require(vectors);
    float[] person = EmbedderEnsemble.mean(vectors);
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
    static final ModelAdapter INACTIVE = () -> Contribution.NONE;

    @Override
    public Contribution contribution() {
      Networks own = guidance.networks;
      return Contribution.NONE.withGuidance(generation -> new FaceGradientGuidance(
          own.autoencoder,
          own.embedders,
          own.detector,
          person,
          new FaceGradientGuidance.Settings(
              weight, guidance.options.every(), guidance.networkGradient())));
    }

    @Override
    public List<UsageLock> usageLocks() {
      return List.of(guidance.networks.usageLock);
    }
  }

  private Optional<NetworkGradient> networkGradient() {
    return switch (options.gradient()) {
      case BY_MEMORY -> Optional.empty();
      case KEPT -> Optional.of(NetworkGradient.KEPT);
      case RECOMPUTED -> Optional.of(NetworkGradient.RECOMPUTED);
      case LEFT_OUT -> Optional.of(NetworkGradient.LEFT_OUT);
    };
  }

  /** Frees the networks when no running generation uses them any more. */
  @Override
  public void close() {
    // The adapter is closed first, outside the lock: while this call waits for a generation,
    // another generation may still start.
    networks.adapter.ifPresent(IpAdapter::close);
    networks.usageLock.close(() -> {
      networks.autoencoder.close();
      networks.embedders.close();
      if (networks.ownsDetector) {
        networks.detector.close();
      }
    });
  }
}
