package dev.likeness.cli.command;

import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.ipadapter.IdentityFiles;
import dev.likeness.ipadapter.IpAdapterFile;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options for the file of an IP-Adapter and the networks that it was trained with. */
final class AdapterFileOptions {
  @PathUse(Use.READ)
  @ModelFile(Role.IP_ADAPTER)
  @Option(
      names = "--ip-adapter",
      paramLabel = "FILE",
      description = "IP-Adapter that encodes the photos, or in generate the --reference images "
          + "(default: ip_adapter/ip-adapter.safetensors of the base; in generate, if it exists, "
          + "ip_adapter/ip-adapter-image.safetensors)")
  private Path adapter;

  @PathUse(Use.READ)
  @ModelFile(Role.IMAGE_ENCODER)
  @Option(
      names = "--image-encoder",
      paramLabel = "PATH",
      description = "image encoder that the IP-Adapter was trained with, a folder or a file "
          + "(default for the base's own adapter: image_encoder of the base). FaceID and FaceID "
          + "Portrait need none")
  private Path encoder;

  @PathUse(Use.READ)
  @ModelFile(Role.FACE_EMBEDDER)
  @Option(
      names = "--adapter-embedder",
      paramLabel = "FILE",
      description = "face embedder that a FaceID adapter was trained with (default: face_embedder "
          + "beside the adapter)")
  private Path embedder;

  @PathUse(Use.READ)
  @ModelFile
  @Option(
      names = "--face-parser",
      paramLabel = "FILE",
      description = "face parser that some adapters need beside their --image-encoder: facexlib's "
          + "parsing_bisenet.pth, or an ONNX file")
  private Path faceParser;

  /** Returns the adapter's file, or null if it is not given. */
  Path adapter() {
    return adapter;
  }

  /** Returns the image encoder, or null if it is not given. */
  Path encoder() {
    return encoder;
  }

  /** Returns the face embedder's file, or null if it is not given. */
  Path embedder() {
    return embedder;
  }

  /** Returns the face parser's file, or null if it is not given. */
  Path faceParser() {
    return faceParser;
  }

  boolean isGiven() {
    return adapter != null || encoder != null || embedder != null || faceParser != null;
  }

  /** Returns an adapter's file with the face parser, if one is given. */
  IpAdapterFile withFaceParser(Path file) {
    IpAdapterFile plain = IpAdapterFile.of(file);
    return faceParser == null ? plain : plain.faceParser(faceParser);
  }

  /**
   * Refuses files whose licences forbid a use.
   *
   * @param file the adapter in use, the given one or the base's
   * @param encoder the image encoder in use; null if there is none
   * @param net the folder of the method's ControlNet; empty if it is not given
   * @param policy the intended use
   */
  void requireUse(Path file, Path encoder, Optional<Path> net, UsePolicy policy) {
    IdentityFiles all = IdentityFiles.of(withFaceParser(file));
    if (encoder != null) {
      all = all.imageEncoder(encoder);
    }
    if (embedder != null) {
      all = all.faceEmbedder(embedder);
    }
    net.map(all::controlNet).orElse(all).requireUse(policy);
  }

  /**
   * Opens the face embedder that is given, which {@code adapter} must have been trained with.
   *
   * @param policy which licences are accepted
   */
  FaceEmbedder openEmbedder(IpAdapterFile adapter, UsePolicy policy) {
    return PersonAdapter.faceEmbedder(adapter, embedder, policy);
  }

  /** Refuses a face parser that an adapter does not use. */
  void requireFaceParserUsed(Path file) {
    if (faceParser != null) {
      IpAdapterFile.Kind kind = IpAdapterFile.of(file).kind();
      requireUsed(file, kind, "--face-parser", kind.needsFaceParser() ? null : faceParser);
    }
  }

  /**
   * Refuses an option that an adapter does not use.
   *
   * @param unused the option's file; null if it is not given or is used
   */
  static void requireUsed(Path file, IpAdapterFile.Kind kind, String option, Path unused) {
    if (unused != null) {
      throw new IllegalArgumentException(option + " does nothing with " + file + ", " + kind.named()
          + "; leave " + option + " out");
    }
  }
}
