package dev.likeness.photos.internal.embed;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.io.Sha256;
import dev.likeness.photos.embed.EmbedderSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * A published face embedder, which the digest of its file determines. All of them return 512
 * numbers, and two are published under one name, so that neither shapes nor names are certain.
 *
 * @param file the name under which it is published
 * @param sha256 the digest of the file, as hexadecimal digits
 * @param spec its kind
 */
public record KnownEmbedder(String file, String sha256, EmbedderSpec spec) {
  /** A published file is larger. Smaller files are not read. */
  private static final long SMALLEST = 100_000_000;

  private static final String ANTELOPE = "glintr100.onnx";

  /** The published embedders. */
  public static final List<KnownEmbedder> ALL = List.of(
      new KnownEmbedder(
          "w600k_r50.onnx",
          "4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43",
          EmbedderSpec.ARCFACE),
      new KnownEmbedder(
          ANTELOPE,
          "4ab1d6435d639628a6f3e5008dd4f929edf4c4124b1a7169e1048f9fef534cdf",
          EmbedderSpec.ARCFACE),
      new KnownEmbedder(
          ANTELOPE,
          "a7933ea5330113b01c9b60351d8f4c33003f145d8470ac5f0e52ee2effe25c60",
          EmbedderSpec.AURAFACE),
      new KnownEmbedder(
          "recognition_arcface_ir_se50.pth",
          "a035c768259b98ab1ce0e646312f48b9e1e218197a0f80ac6765e88f8b6ddf28",
          EmbedderSpec.of(Path.of("recognition_arcface_ir_se50.pth"))));

  /** Returns the published embedder that a file is; empty if the file is another one. */
  public static Optional<KnownEmbedder> of(Path file) {
    return of(file, ALL, SMALLEST);
  }

  /**
   * Returns the embedder that a file is.
   *
   * @param smallest smaller files are not read
   */
  static Optional<KnownEmbedder> of(Path file, List<KnownEmbedder> known, long smallest) {
    try {
      if (!Files.isRegularFile(file) || Files.size(file) < smallest) {
        return Optional.empty();
      }
      String found = HexFormat.of().formatHex(Sha256.of(file));
      return known.stream().filter(each -> each.sha256.equals(found)).findFirst();
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot read " + file + ": " + Quoted.reason(e) + "; check that this user can read it",
          e);
    }
  }
}
