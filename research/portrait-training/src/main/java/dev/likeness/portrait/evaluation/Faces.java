package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What an outside detector and an outside embedder make of pictures. */
final class Faces {
  private Faces() {}

  /** In what share of pictures a detector finds one face, none, and several. */
  static Map<String, Object> count(List<RgbImage> pictures, FaceDetector detector) {
    int[] found = new int[3];
    pictures.forEach(picture -> found[Math.min(2, detector.detect(picture).size())]++);
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("pictures", pictures.size());
    row.put("one face", found[1] / (double) pictures.size());
    row.put("none", found[0] / (double) pictures.size());
    row.put("several", found[2] / (double) pictures.size());
    return row;
  }

  /** The vector of the largest face of each picture that has one. */
  static List<float[]> vectors(
      List<RgbImage> pictures, FaceDetector detector, FaceEmbedder embedder) {
    List<float[]> vectors = new ArrayList<>();
    for (RgbImage picture : pictures) {
      List<Face> faces = detector.detect(picture);
      if (!faces.isEmpty()) {
        vectors.add(embedder.embed(picture, faces.get(0)));
      }
    }
    return vectors;
  }
}
