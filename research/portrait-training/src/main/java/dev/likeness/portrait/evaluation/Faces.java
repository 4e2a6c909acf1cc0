package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What an outside detector and an outside embedder make of images. */
final class Faces {
  private Faces() {}

  /** In what share of images a detector finds one face, none, and several. */
  static Map<String, Object> count(List<RgbImage> images, FaceDetector detector) {
    int[] found = new int[3];
    images.forEach(image -> found[Math.min(2, detector.detect(image).size())]++);
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("pictures", images.size());
    row.put("one face", found[1] / (double) images.size());
    row.put("none", found[0] / (double) images.size());
    row.put("several", found[2] / (double) images.size());
    return row;
  }

  /** The vector of the largest face of each image that has one. */
  static List<float[]> vectors(
      List<RgbImage> images, FaceDetector detector, FaceEmbedder embedder) {
    List<float[]> vectors = new ArrayList<>();
    for (RgbImage image : images) {
      List<Face> faces = detector.detect(image);
      if (!faces.isEmpty()) {
        vectors.add(embedder.embed(image, faces.get(0)));
      }
    }
    return vectors;
  }
}
