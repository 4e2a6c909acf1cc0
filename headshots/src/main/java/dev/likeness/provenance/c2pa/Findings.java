package dev.likeness.provenance.c2pa;

import java.util.ArrayList;
import java.util.List;

/** Findings as they are made. */
final class Findings {
  private final List<Finding> all = new ArrayList<>();

  void success(String code, String url) {
    all.add(new Finding(code, url, Finding.Kind.SUCCESS));
  }

  void informational(String code, String url) {
    all.add(new Finding(code, url, Finding.Kind.INFORMATIONAL));
  }

  void failure(String code, String url) {
    all.add(new Finding(code, url, Finding.Kind.FAILURE));
  }

  void add(Finding finding) {
    all.add(finding);
  }

  List<Finding> all() {
    return List.copyOf(all);
  }
}
