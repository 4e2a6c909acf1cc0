package dev.likeness.photos;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.photos.decode.PhotoFormat;
import dev.likeness.photos.quality.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** A review as JSON, in the shape that {@code likeness photos --json} promises. */
final class ReviewJson {
  private ReviewJson() {}

  static String of(PhotoReview review) {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("photos", review.photos().stream().map(ReviewJson::photo).toList());
    root.put("set", set(review.set()));
    try {
      return JSON.std.with(JSON.Feature.WRITE_NULL_PROPERTIES).asString(root);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Object> photo(PhotoVerdict photo) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("file", photo.name());
    object.put("format", photo.format().map(PhotoFormat::word).orElse(null));
    object.put("verdict", photo.verdict().word());
    object.put("reasons", photo.reasons().stream().map(ReviewJson::reason).toList());
    object.put("faces", photo.faces().size());
    return object;
  }

  private static Map<String, Object> reason(Reason reason) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("code", reason.code().word());
    object.put("value", number(reason.value()));
    object.put("limit", number(reason.limit()));
    object.put("message", reason.message());
    return object;
  }

  private static Map<String, Object> set(SetVerdict set) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("photos", set.photos());
    object.put("accepted", set.accepted());
    object.put("readiness", number(set.readiness()));
    SetVerdict.SetCoverage coverage = set.coverage();
    Map<String, Object> angles = new LinkedHashMap<>();
    angles.put("left", coverage.angles().left());
    angles.put("ahead", coverage.angles().ahead());
    angles.put("right", coverage.angles().right());
    object.put("angles", angles);
    object.put("sameExpression", coverage.sameExpression());
    object.put("sameLight", coverage.sameLight());
    object.put("sameBackground", coverage.sameBackground());
    object.put("sameDistance", coverage.sameDistance());
    object.put("sameClothes", coverage.sameClothes());
    object.put("advice", set.advice());
    return object;
  }

  // JSON knows no NaN; four digits say all that a measure knows.
  private static Double number(double value) {
    return Double.isFinite(value) ? Math.round(value * 1e4) / 1e4 : null;
  }
}
