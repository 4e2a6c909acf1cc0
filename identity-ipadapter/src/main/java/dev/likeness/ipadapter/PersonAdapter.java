package dev.likeness.ipadapter;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.method.AdapterCompatibility;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
import dev.likeness.ipadapter.internal.method.PublishedFile;
import dev.likeness.ipadapter.reference.EmbeddingOrigin;
import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.OnnxEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadCrop;
import dev.likeness.photos.internal.embed.IResNetEmbedder;
import dev.likeness.photos.internal.embed.KnownEmbedder;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * An IP-Adapter with the networks that encode photos for it: an image encoder, a face embedder, or
 * both, and with the ControlNet of its method if {@link IdentityFiles} has one. Immutable and
 * thread-safe; owns adapter and networks until closed.
 */
public final class PersonAdapter implements AutoCloseable {
  private final IpAdapter adapter;
  private final ImageEncoder encoder;
  private final FaceEmbedder embedder;
  private final int imageSize;
  private final Optional<OwnControl> control;

  /** The distance of the eyes in a headshot, as a share of the shorter side. */
  private static final double EYE_DISTANCE = 0.2;

  /**
   * The ControlNet of the adapter's method.
   *
   * @param image the control image for images of the base's default size
   */
  private record OwnControl(ControlNet net, ControlImage image) {
    private static final String FRONT = "front";

    static OwnControl open(IdentityFiles files, IpAdapterFile.Kind kind, BaseModel base) {
      ControlNet net = BaseModel.openControlNet(files.controlNet().orElseThrow(), base.compute());
      try {
        if (net.modeCount() > 0) {
          throw new InvalidInputException(files.controlNet().get() + " is a union ControlNet, but"
              + " the ControlNet of an identity has no control modes; give the folder of the"
              + " adapter's ControlNet");
        }
        IpAdapterFile.Kind.OwnControlNet own = kind.controlNet().orElseThrow();
        int width = base.defaults().width();
        int height = base.defaults().height();
        RgbImage shown = files.pose().isEmpty() && own.isRequired()
            ? RgbImage.of(width, height, new byte[3 * width * height])
            : FaceKeypoints.ofPose(files.pose().orElse(FRONT), EYE_DISTANCE, width, height);
        return new OwnControl(
            net, ControlImage.of(net, shown).scale(files.controlScale().orElse(own.scale())));
      } catch (RuntimeException e) {
        net.close();
        throw e;
      }
    }
  }

  private PersonAdapter(
      IpAdapter adapter,
      ImageEncoder encoder,
      FaceEmbedder embedder,
      int imageSize,
      Optional<OwnControl> control) {
    this.adapter = adapter;
    this.encoder = encoder;
    this.embedder = embedder;
    this.imageSize = imageSize;
    this.control = control;
  }

  /**
   * Opens an adapter with all networks of its method, its ControlNet included. Image prompts then
   * have the control image of the pose in {@code files}.
   *
   * @param files the files of the method
   * @param base the base model
   * @param policy the intended use
   * @return the adapter; the caller closes it
   * @throws InvalidInputException if a file is missing or broken, the files do not fit together, or
   *     {@code policy} forbids one of them
   * @throws dev.likeness.diffusion.error.ResourceLimitException if OpenCV's native libraries are
   *     missing
   */
  public static PersonAdapter open(IdentityFiles files, BaseModel base, UsePolicy policy) {
    IpAdapterFile.Kind kind = files.requireFor(base);
    files.requireUse(policy);
    FaceEmbedder embedder = files
        .faceEmbedder()
        .filter(given -> kind.needsFaceEmbedder())
        .map(given -> faceEmbedder(files.adapter(), given, policy))
        .orElse(null);
    Optional<OwnControl> control = Optional.empty();
    try {
      control = files.controlNet().map(net -> OwnControl.open(files, kind, base));
    } catch (RuntimeException e) {
      close(null, embedder);
      throw e;
    }
    try {
      return openWith(
          files.adapter(), base, files.imageEncoder().orElse(Path.of("")), embedder, control);
    } catch (RuntimeException e) {
      control.ifPresent(opened -> opened.net().close());
      throw e;
    }
  }

  /**
   * Opens the adapter of a base folder: {@code ip_adapter/ip-adapter.safetensors}, with
   * {@code image_encoder} and {@code ip_adapter/face_embedder} if the adapter needs them.
   *
   * @param folder a base folder, or a folder of the same layout
   * @param base the base model
   * @return the adapter; the caller closes it
   * @throws InvalidInputException if a component is missing or broken, or the components do not fit
   *     together
   */
  public static PersonAdapter openIn(Path folder, BaseModel base) {
    return open(
        IpAdapterFile.of(Extra.IP_ADAPTER.at(folder)), base, Extra.IMAGE_ENCODER.at(folder));
  }

  /**
   * Opens an adapter with the encoders that it needs. If the adapter needs a face embedder, it is
   * read from the folder {@code face_embedder} beside the adapter file.
   *
   * @param file the adapter file
   * @param base the base model
   * @param imageEncoder folder of the image encoder that the adapter was trained with; ignored if
   *     the adapter needs no image encoder
   * @return the adapter; the caller closes it
   * @throws InvalidInputException if a component is missing or broken, or the components do not fit
   *     together
   */
  public static PersonAdapter open(IpAdapterFile file, BaseModel base, Path imageEncoder) {
    return openWith(file, base, imageEncoder, null, Optional.empty());
  }

  /**
   * Opens an adapter with a given face embedder.
   *
   * @param file the adapter file
   * @param base the base model
   * @param imageEncoder folder of the image encoder that the adapter was trained with; ignored if
   *     the adapter needs no image encoder
   * @param recogniser the face embedder that the adapter was trained with. The returned object owns
   *     this face embedder; if opening fails, this method closes it
   * @return the adapter; the caller closes it
   * @throws InvalidInputException if a component is missing or broken, or the components do not fit
   *     together
   */
  public static PersonAdapter open(
      IpAdapterFile file, BaseModel base, Path imageEncoder, FaceEmbedder recogniser) {
    return openWith(file, base, imageEncoder, recogniser, Optional.empty());
  }

  private static PersonAdapter openWith(
      IpAdapterFile file,
      BaseModel base,
      Path imageEncoder,
      @Nullable FaceEmbedder recogniser,
      Optional<OwnControl> control) {
    FaceEmbedder embedder = recogniser;
    ImageEncoder encoder = null;
    try {
      IpAdapterFile.Kind kind = file.requireFor(base);
      file.requireEncoder(imageEncoder);
      if (kind.needsFaceEmbedder() && embedder == null) {
        embedder = faceEmbedder(file);
      }
      if (kind.needsImageEncoder()) {
        encoder = openEncoder(file, kind, imageEncoder, base.compute());
      }
      return new PersonAdapter(
          IpAdapter.openWith(file, base, encoder),
          encoder,
          embedder,
          base.defaults().width(),
          control);
    } catch (RuntimeException e) {
      close(encoder, embedder);
      throw e;
    }
  }

  /**
   * Opens the image encoder of an adapter.
   *
   * @param file the adapter file, with the face parser if its method needs one
   * @param imageEncoder the image encoder that the adapter was trained with
   * @param compute device and dtype
   * @return the encoder; the caller closes it
   * @throws InvalidInputException if a component is missing or broken
   */
  public static ImageEncoder imageEncoder(IpAdapterFile file, Path imageEncoder, Compute compute) {
    return openEncoder(file, file.kind(), imageEncoder, compute);
  }

  private static ImageEncoder openEncoder(
      IpAdapterFile file, IpAdapterFile.Kind kind, Path imageEncoder, Compute compute) {
    if (!kind.needsFaceParser()) {
      return ImageEncoder.open(imageEncoder, compute);
    }
    Path parser = file.faceParser().orElseThrow(() -> {
      PublishedFile published = file.layout().published(PublishedFile.Part.FACE_PARSER);
      return new InvalidInputException(file.path() + " is " + kind.named()
          + ", which needs a face parser; give facexlib's " + published.name()
          + ": --face-parser FILE (in Java, call IpAdapterFile.faceParser)"
          + published.where());
    });
    return ImageEncoder.ofFaces(imageEncoder, parser, compute);
  }

  /**
   * Opens the face embedder in {@code face_embedder} beside the adapter file.
   *
   * @param file the adapter file
   * @return the face embedder; the caller closes it
   * @throws InvalidInputException if the folder does not exist or is broken
   */
  public static FaceEmbedder faceEmbedder(IpAdapterFile file) {
    return TorchEmbedder.findIn(file.path().toAbsolutePath().getParent())
        .orElseThrow(() -> new InvalidInputException(
            AdapterCompatibility.withoutFaceEmbedder(file.path().toString(), file.layout())));
  }

  /**
   * Opens a face embedder from a file. The digest of the file determines a published embedder of
   * face adapters, under any name. The name of another file determines the kind of embedder
   * ({@link EmbedderSpec#of(Path)}).
   *
   * @param file the adapter file
   * @param onnx an ONNX file; or safetensors or a {@code .pth} with the names of arcface_torch or
   *     of facexlib's IR-SE-50, as InfiniteYou's
   * @param policy the intended use
   * @return the face embedder; the caller closes it
   * @throws InvalidInputException if the file name gives no kind, {@code policy} forbids the face
   *     embedder, the adapter was trained with another face embedder, or the file does not fit the
   *     kind
   * @throws dev.likeness.diffusion.error.ResourceLimitException if OpenCV's native libraries are
   *     missing
   */
  public static FaceEmbedder faceEmbedder(IpAdapterFile file, Path onnx, UsePolicy policy) {
    Optional<KnownEmbedder> known = KnownEmbedder.of(onnx);
    EmbedderSpec spec = embedderSpec(known, onnx);
    policy.requireForAdapter(spec);
    file.requireRecogniser(spec, onnx, known.map(KnownEmbedder::file));
    boolean isOnnx = onnx.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".onnx");
    return isOnnx
        ? OnnxEmbedder.open(onnx, spec, policy)
        : IResNetEmbedder.open(onnx, spec, policy);
  }

  /** Returns the kind of the face embedder in a file. */
  static EmbedderSpec embedderSpec(Path file) {
    return embedderSpec(KnownEmbedder.of(file), file);
  }

  private static EmbedderSpec embedderSpec(Optional<KnownEmbedder> known, Path file) {
    return known.map(KnownEmbedder::spec).orElseGet(() -> EmbedderSpec.of(file));
  }

  /**
   * Makes an image prompt from accepted photos. All photos have equal weight.
   *
   * @param photos the photos, at least one
   * @return the image prompt; keep this adapter open while requests use the prompt
   * @throws IllegalArgumentException if there is no photo
   * @throws InvalidInputException if the adapter needs embeddings before normalisation, and its
   *     face embedder returns only normalised embeddings
   */
  public ImagePrompt prompt(List<AcceptedPhoto> photos) {
    return posed(adapter.prompt(
        photos.stream().map(photo -> reference(photo.image(), photo.face())).toList()));
  }

  /**
   * {@return the control image of a named pose of the head, in place of that of the files} For the
   * method's own ControlNet: {@link ImagePrompt#withControl} takes it.
   *
   * @param pose one of {@link FaceKeypoints#poses()}
   * @param width width of the generated image in pixels
   * @param height height of the generated image in pixels
   * @throws InvalidInputException if there is no such pose, or the adapter was opened without a
   *     ControlNet of its method
   */
  public ControlImage pose(String pose, int width, int height) {
    return posed(FaceKeypoints.ofPose(pose, EYE_DISTANCE, width, height));
  }

  /**
   * {@return the control image of the pose of a face in a photo, which also sets place and size of
   * the face} For the method's own ControlNet: {@link ImagePrompt#withControl} takes it.
   *
   * @param face the keypoints in the photo
   * @param width width of the generated image in pixels
   * @param height height of the generated image in pixels
   * @throws InvalidInputException if the adapter was opened without a ControlNet of its method
   */
  public ControlImage poseAsIn(FaceKeypoints.InPhoto face, int width, int height) {
    return posed(FaceKeypoints.asInPhoto(face, width, height));
  }

  private ControlImage posed(RgbImage keypoints) {
    return control
        .map(own -> own.image().image(keypoints))
        .orElseThrow(() -> new InvalidInputException(adapter.describe() + " is "
            + adapter.layout().method().named() + ", opened without a ControlNet of its own, which"
            + " sets the pose; "
            + adapter
                .layout()
                .method()
                .controlNet()
                .map(net -> "give the folder " + net.folder()
                    + adapter.layout().published(PublishedFile.Part.CONTROL_NET).where())
                .orElse("leave the pose out")));
  }

  /** Adds the control image, if the adapter was opened with the ControlNet of its method. */
  private ImagePrompt posed(ImagePrompt prompt) {
    return control.map(OwnControl::image).map(prompt::withControl).orElse(prompt);
  }

  /**
   * Makes an image prompt from encoded references.
   *
   * @param kept references that the networks of this adapter encoded
   * @return the image prompt; keep this adapter open while requests use the prompt
   * @throws InvalidInputException if another image encoder or face embedder made the embeddings
   * @throws IllegalArgumentException if the embeddings have other shapes than the adapter needs
   */
  public ImagePrompt prompt(ReferenceEmbeddings kept) {
    kept.origin()
        .require(
            adapter.describe(),
            new EmbeddingOrigin("", embedder == null ? "" : embedder.name(), ""));
    return posed(adapter.prompt(kept));
  }

  /**
   * Makes a reference for the adapter from a photo.
   *
   * @param photo the photo, of any size
   * @param face the person's face in the photo
   * @return if the adapter needs a face embedding, the embedding with the aligned face; otherwise a
   *     crop of the head
   * @throws InvalidInputException if the adapter needs embeddings before normalisation, and its
   *     face embedder returns only normalised embeddings
   */
  public Reference reference(RgbImage photo, Face face) {
    IdentityMethod.FaceInput input = adapter.layout().faceInput().orElse(null);
    if (input != null) {
      return FaceReader.reference(embedder, photo, face, input.isRaw(), input.side());
    }
    return Reference.of(
        HeadCrop.of(face.box(), HeadCrop.Framing.HEAD, photo.width(), photo.height(), 1)
            .of(photo, imageSize));
  }

  /**
   * Measures likeness by the adapter's own face embedder. Images are made to be alike for this
   * embedder, so its cosines are higher than those of an independent one: compare the two.
   *
   * @param person the references
   * @param image a generated image
   * @param face the face in the image
   * @return the cosine of the face and of the mean of the references' faces; empty if the adapter
   *     needs no face embedder
   * @throws InvalidInputException if the face embedder returns only normalised embeddings, and the
   *     adapter needs others
   */
  public OptionalDouble likeness(ImagePrompt person, RgbImage image, Face face) {
    Optional<ReferenceEmbeddings.Grid> faces = person.references().face();
    if (faces.isEmpty() || embedder == null) {
      return OptionalDouble.empty();
    }
    float[] shown = embedder.embed(image, face);
    float[] all = faces.get().values();
    double[] mean = new double[shown.length];
    for (int i = 0; i < faces.get().count(); i++) {
      double length = 0;
      for (int k = 0; k < mean.length; k++) {
        length += all[i * mean.length + k] * all[i * mean.length + k];
      }
      for (int k = 0; k < mean.length; k++) {
        mean[k] += all[i * mean.length + k] / Math.sqrt(length);
      }
    }
    double product = 0;
    double length = 0;
    for (int k = 0; k < mean.length; k++) {
      product += mean[k] * shown[k];
      length += mean[k] * mean[k];
    }
    return OptionalDouble.of(product / Math.sqrt(length));
  }

  /** {@return the kind of the adapter} */
  public IpAdapterFile.Kind kind() {
    return adapter.kind();
  }

  /** {@return the adapter, which this object owns} */
  public IpAdapter adapter() {
    return adapter;
  }

  /** {@return the name of the adapter file, for the record of a generation} */
  public String name() {
    return Path.of(adapter.describe()).getFileName().toString();
  }

  @Override
  public void close() {
    adapter.close();
    close(encoder, embedder);
    control.ifPresent(opened -> opened.net().close());
  }

  private static void close(ImageEncoder encoder, FaceEmbedder embedder) {
    if (encoder != null) {
      encoder.close();
    }
    if (embedder != null) {
      embedder.close();
    }
  }
}
