// Old files made new by the linked Caffe: upgrade_net_proto_text, upgrade_net_proto_binary and upgrade_solver_proto_text.
#ifndef CAFFE_NODE_UPGRADE_H_
#define CAFFE_NODE_UPGRADE_H_

#include <napi.h>

namespace caffe_node {

// Exports upgradeNet, upgradeNetBinary and upgradeSolver.
void RegisterUpgrades(Napi::Env env, Napi::Object exports);

}  // namespace caffe_node

#endif  // CAFFE_NODE_UPGRADE_H_
