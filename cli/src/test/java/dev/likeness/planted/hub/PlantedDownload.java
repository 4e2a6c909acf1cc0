package dev.likeness.planted.hub;

import java.net.http.HttpClient;

/** What the model hub alone may do. */
public final class PlantedDownload {
  HttpClient client() {
    return HttpClient.newHttpClient();
  }
}
