package dev.likeness.portrait.evaluation;

import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.OnnxEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.YuNetDetector;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import dev.likeness.portrait.attributes.AttributeReader;
import dev.likeness.portrait.training.Named;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What images are judged with; none of it took part in drawing them. Closed by whoever opened it.
 *
 * @param reader reads attributes back
 * @param detector finds faces and has never seen a render
 * @param embedder tells people apart and has had no part in the model: of photographs, or trained
 *     apart from it
 */
public record EvaluationTools(
    Optional<AttributeReader> reader,
    Optional<FaceDetector> detector,
    Optional<FaceEmbedder> embedder)
    implements AutoCloseable {
  private static final String BUILT_IN = "the library's or the model's own";
  private static final List<String> FILES = List.of("detector", "embedder", "attributes");

  /**
   * A program's {@code NAME=VALUE} arguments from place {@code from} on: files of judges, and
   * {@code others}.
   */
  static Named named(String[] args, int from, Set<String> others) {
    return Named.of(
        List.of(args).subList(from, args.length),
        Stream.concat(FILES.stream(), others.stream().sorted()).toList());
  }

  /** Opens those that the arguments name. */
  static EvaluationTools of(Named named) {
    return open(named.files("attributes"), named.file("detector"), named.file("embedder"));
  }

  /**
   * Opens those that are given.
   *
   * @param attributes weights that {@code TrainAttributes} wrote, of one classifier or several;
   *     none to read nothing
   * @param detector an ONNX file of YuNet
   * @param embedder an ONNX file that {@link EmbedderSpec} knows, or a folder that
   *     {@code TrainEmbedder} wrote, of other people and with another start than the model's
   */
  public static EvaluationTools open(
      List<Path> attributes, Optional<Path> detector, Optional<Path> embedder) {
    return new EvaluationTools(
        reader(attributes),
        detector.map(YuNetDetector::open),
        embedder.map(EvaluationTools::embedder));
  }

  private static Optional<AttributeReader> reader(List<Path> files) {
    return files.isEmpty()
        ? Optional.empty()
        : Optional.of(AttributeReader.open(files.toArray(Path[]::new)));
  }

  private static FaceEmbedder embedder(Path file) {
    return Files.isDirectory(file)
        ? TorchEmbedder.open(file)
        : OnnxEmbedder.open(file, EmbedderSpec.of(file), UsePolicy.NON_COMMERCIAL);
  }

  /** {@code whose} figures these are, and who judges: of other judges they would be others. */
  Map<String, Object> judging(Map<String, Object> whose) {
    Map<String, Object> all = judgingFaces(whose);
    all.put("attributes", readBy());
    return all;
  }

  /** The same of figures for which no words are read. */
  Map<String, Object> judgingFaces(Map<String, Object> whose) {
    Map<String, Object> all = new LinkedHashMap<>(whose);
    all.put("detector", detector.map(FaceDetector::name).orElse(BUILT_IN));
    all.put("embedder", embedder.map(FaceEmbedder::name).orElse(BUILT_IN));
    return all;
  }

  /** How the classifier came to be, or that there is none. */
  String readBy() {
    return reader.map(AttributeReader::made).orElse("none");
  }

  @Override
  public void close() {
    reader.ifPresent(AttributeReader::close);
    detector.ifPresent(FaceDetector::close);
    embedder.ifPresent(FaceEmbedder::close);
  }
}
