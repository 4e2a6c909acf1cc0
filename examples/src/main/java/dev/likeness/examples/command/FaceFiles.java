package dev.likeness.examples.command;

import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.UsePolicy;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The networks that photos are judged with, beside the built-in cascades. */
final class FaceFiles {
  @Mixin
  private DetectorOption detector;

  @Option(names = "--embedder", paramLabel = "FILE", description = "an ONNX file named after SFace, MobileFace, AuraFace "
      + "or ArcFace: finds photos of somebody else and the same shot twice")
  private Path embedder;

  @Option(names = "--quality", paramLabel = "FILE", description = "a face-quality ONNX file: a second opinion")
  private Path quality;

  @Option(names = "--brisque", paramLabel = "MODEL,RANGE", split = ",", description = "OpenCV's two YAML files of a BRISQUE "
      + "model, instead of the built-in one")
  private List<Path> brisque;

  @Option(names = "--commercial", description = "refuses networks whose licence forbids commercial use")
  private boolean commercial;

  /** The tools, to be closed by the caller. */
  ReviewTools open() {
    if (brisque != null && brisque.size() != 2) {
      throw new IllegalArgumentException("--brisque takes two files, MODEL,RANGE, given " + brisque.size());
    }
    ReviewTools tools = detector.open();
    tools = embedder == null ? tools
        : tools.withEmbedder(embedder, policy());
    tools = brisque == null ? tools : tools.withBrisque(brisque.get(0), brisque.get(1));
    return quality == null ? tools : tools.withQuality(quality);
  }

  /** Which networks' licences will do. */
  UsePolicy policy() {
    return commercial ? UsePolicy.COMMERCIAL : UsePolicy.NON_COMMERCIAL;
  }
}
