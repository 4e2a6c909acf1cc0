package dev.likeness.ipadapter;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.method.IdentityMethod;
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
import dev.likeness.photos.internal.embed.TorchEmbedder;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An IP-Adapter with the networks that encode photos for it: an image encoder, a face embedder, or
 * both. Immutable and thread-safe; owns adapter and networks until closed.
 */
public final class PersonAdapter implements AutoCloseable {
  private final IpAdapter adapter;
  private final ImageEncoder encoder;
  private final FaceEmbedder embedder;
  private final int imageSize;

  private PersonAdapter(
      IpAdapter adapter, ImageEncoder encoder, FaceEmbedder embedder, int imageSize) {
    this.adapter = adapter;
    this.encoder = encoder;
    this.embedder = embedder;
    this.imageSize = imageSize;
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
    return openWith(file, base, imageEncoder, null);
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
    return openWith(file, base, imageEncoder, recogniser);
  }

  private static PersonAdapter openWith(
      IpAdapterFile file, BaseModel base, Path imageEncoder, @Nullable FaceEmbedder recogniser) {
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
          base.defaults().width());
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
    Path parser = file.faceParser()
        .orElseThrow(() -> new InvalidInputException(file.path() + " is " + kind.named()
            + ", which needs a face parser; give facexlib's parsing_bisenet.pth: --face-parser"
            + " FILE (in Java, call IpAdapterFile.faceParser)"));
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
        .orElseThrow(() -> new InvalidInputException(file.path() + " is "
            + file.kind().named()
            + ", which needs a face embedder, but there is no face_embedder folder beside the"
            + " file; give the face embedder that the adapter was trained with: "
            + "--adapter-embedder FILE"));
  }

  /**
   * Opens a face embedder from a file. The name of the file determines the kind of embedder
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
    EmbedderSpec spec = EmbedderSpec.of(onnx);
    policy.requireForAdapter(spec);
    file.requireRecogniser(spec, onnx);
    boolean isOnnx = onnx.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".onnx");
    return isOnnx
        ? OnnxEmbedder.open(onnx, spec, policy)
        : IResNetEmbedder.open(onnx, spec, policy);
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
    return adapter.prompt(
        photos.stream().map(photo -> reference(photo.image(), photo.face())).toList());
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
    return adapter.prompt(kept);
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
