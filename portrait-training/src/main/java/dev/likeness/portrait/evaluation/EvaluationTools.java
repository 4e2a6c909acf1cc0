package dev.likeness.portrait.evaluation;

import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.OnnxEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.face.YuNetDetector;
import dev.likeness.portrait.attributes.AttributeReader;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What pictures are judged with; none of it took part in drawing them. Closed by whoever opened it.
 *
 * @param reader reads attributes back
 * @param detector finds faces and has never seen a render
 * @param embedder tells people apart and has never seen a render
 */
public record EvaluationTools(Optional<AttributeReader> reader, Optional<FaceDetector> detector,
    Optional<FaceEmbedder> embedder) implements AutoCloseable {
  /** Opens those that the arguments name. */
  static EvaluationTools of(Named named) {
    return new EvaluationTools(named.file("attributes").map(AttributeReader::open),
        named.file("detector").map(YuNetDetector::open),
        named.file("embedder").map(onnx -> OnnxEmbedder.open(onnx, EmbedderSpec.of(onnx), UsePolicy.NON_COMMERCIAL)));
  }

  @Override
  public void close() {
    reader.ifPresent(AttributeReader::close);
    detector.ifPresent(FaceDetector::close);
    embedder.ifPresent(FaceEmbedder::close);
  }
}
