package dev.likeness.ipadapter;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.ipadapter.internal.file.AdapterLayout;
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
import dev.likeness.photos.internal.embed.TorchEmbedder;
import java.nio.file.Path;
import java.util.List;

/**
 * An IP-Adapter with the networks that encode people for it: an image encoder, a face embedder, or
 * both, as its kind needs. Immutable and thread-safe; owns all of them until closed.
 */
public final class PersonAdapter implements AutoCloseable {
  private final IpAdapter adapter;
  private final ImageEncoder encoder;
  private final FaceEmbedder embedder;
  private final int imageSize;

  private PersonAdapter(IpAdapter adapter, ImageEncoder encoder, FaceEmbedder embedder, int side) {
    this.adapter = adapter;
    this.encoder = encoder;
    this.embedder = embedder;
    this.imageSize = side;
  }

  /**
   * The adapter that {@code folder}, a base's or one laid out as it, brings along:
   * {@code ip_adapter/ip-adapter.safetensors}, with {@code image_encoder} or
   * {@code ip_adapter/face_embedder} where it wants them.
   *
   * @throws InvalidInputException as {@link #open}
   */
  public static PersonAdapter openIn(Path folder, BaseModel base) {
    return open(
        IpAdapterFile.of(Extra.IP_ADAPTER.at(folder)), base, Extra.IMAGE_ENCODER.at(folder), null);
  }

  /**
   * Opens an adapter for {@code base}.
   *
   * @param imageEncoder the folder of the image encoder it was trained with; not opened by kinds
   *     that want none
   * @param recogniser the one it was trained with, closed with the adapter; null for that in
   *     {@code face_embedder} beside the adapter's file
   * @throws InvalidInputException when a part is missing or broken, or they do not belong together
   */
  public static PersonAdapter open(
      IpAdapterFile file, BaseModel base, Path imageEncoder, FaceEmbedder recogniser) {
    FaceEmbedder embedder = recogniser;
    ImageEncoder encoder = null;
    try {
      IpAdapterFile.Kind kind = file.requireFor(base);
      file.requireEncoder(imageEncoder);
      if (kind.looksAtFaces() && embedder == null) {
        embedder = faceEmbedder(file);
      }
      if (kind.looksAtImages()) {
        encoder = ImageEncoder.open(imageEncoder, base.compute());
      }
      return new PersonAdapter(
          IpAdapter.open(file, base, encoder),
          encoder,
          embedder,
          base.defaults().width());
    } catch (RuntimeException e) {
      close(encoder, embedder);
      throw e;
    }
  }

  /**
   * The recogniser that an adapter's file brings along, in {@code face_embedder} beside it.
   *
   * @throws InvalidInputException when there is none
   */
  public static FaceEmbedder faceEmbedder(IpAdapterFile file) {
    return TorchEmbedder.findIn(file.path().toAbsolutePath().getParent())
        .orElseThrow(() -> new InvalidInputException(file.path() + " is an "
            + file.kind().title()
            + ", which looks at a face recogniser's numbers, and brings none (face_embedder beside"
            + " it); give the one it was trained with: --face-embedder FILE"));
  }

  /**
   * The recogniser in an ONNX file whose name says which it is ({@link EmbedderSpec#of(Path)}).
   *
   * @throws InvalidInputException when {@code policy} forbids it, or the adapter is known to be
   *     taught by another
   */
  public static FaceEmbedder faceEmbedder(IpAdapterFile file, Path onnx, UsePolicy policy) {
    EmbedderSpec spec = EmbedderSpec.of(onnx);
    policy.requireForAdapter(spec);
    file.requireRecogniser(spec, onnx);
    return OnnxEmbedder.open(onnx, spec, policy);
  }

  /** The person in photos, all counting the same. */
  public ImagePrompt prompt(List<AcceptedPhoto> photos) {
    return adapter.prompt(
        photos.stream().map(photo -> reference(photo.image(), photo.face())).toList());
  }

  /**
   * The person in references that were encoded before.
   *
   * @throws InvalidInputException when they are known to be of another image encoder or face
   *     recogniser
   */
  public ImagePrompt prompt(ReferenceEmbeddings kept) {
    kept.origin()
        .require(
            adapter.describe(),
            new EmbeddingOrigin("", embedder == null ? "" : embedder.name(), ""));
    return adapter.prompt(kept);
  }

  /** What the adapter is shown of {@code face} in {@code photo}: its numbers, or the head. */
  public Reference reference(RgbImage photo, Face face) {
    if (adapter.layout().variant().needsFace()) {
      AdapterLayout layout = adapter.layout();
      return FaceReader.reference(
          embedder, photo, face, layout.variant().needsRawEmbedding(), layout.faceSize());
    }
    return Reference.of(
        HeadCrop.of(face.box(), HeadCrop.Framing.HEAD, photo.width(), photo.height(), 1)
            .of(photo, imageSize));
  }

  /** The adapter by itself. */
  public IpAdapter adapter() {
    return adapter;
  }

  /** What records call it: the name of its file. */
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
